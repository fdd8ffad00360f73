/** Tests of basic authentication and of the bearer token. @module */

import assert from "node:assert/strict";
import { compareSync, hashSync } from "bcryptjs";
import fc from "fast-check";
import { createBasicAuth, readToken, WebConfigError } from "../../lib/server/mod.ts";
import { type AuthResult, tokenMatches } from "../../lib/server/auth.ts";

const encodeBase64 = (text: string) => new TextEncoder().encode(text).toBase64();
const basic = (user: string, password: string) => `Basic ${encodeBase64(`${user}:${password}`)}`;

const ALICE = hashSync("wonder:land é", 4);
const BOB = hashSync("builder", 4);

/** A real comparison that notes what it was asked. */
function notingCompare() {
  const asked: { password: string; hash: string }[] = [];
  const compare = (password: string, hash: string) => {
    asked.push({ password, hash });
    return Promise.resolve(compareSync(password, hash));
  };
  return { asked, compare };
}

/** A comparison that answers when told to. */
function heldCompare() {
  const held: PromiseWithResolvers<boolean>[] = [];
  const compare = () => {
    const answer = Promise.withResolvers<boolean>();
    held.push(answer);
    return answer.promise;
  };
  return { held, compare };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("check() lets in each user with that user's password only", async () => {
  const auth = createBasicAuth({ alice: ALICE, bob: BOB, "": BOB }, notingCompare().compare);
  const cases: Record<string, [string, AuthResult]> = {
    "right password": [basic("alice", "wonder:land é"), "ok"],
    "other user's right password": [basic("bob", "builder"), "ok"],
    "scheme in capitals": [basic("bob", "builder").replace("Basic", "BASIC"), "ok"],
    "wrong password": [basic("alice", "wonderland"), "wrong"],
    "swapped password": [basic("alice", "builder"), "wrong"],
    "empty password": [basic("alice", ""), "wrong"],
    "unknown user": [basic("carol", "builder"), "wrong"],
    "user of another case": [basic("Bob", "builder"), "wrong"],
    "name of a property of every object": [basic("constructor", "builder"), "wrong"],
    "the hash as password": [basic("bob", BOB), "wrong"],
  };
  for (const [name, [header, expected]] of Object.entries(cases)) {
    assert.equal(await auth.check(header), expected, name);
    assert.equal(await auth.check(header), expected, `${name}, from memory`);
  }
});

Deno.test("check() lets in a user named __proto__ and nobody without users", async () => {
  const users = JSON.parse(`{"__proto__":"${BOB}"}`) as Record<string, string>;
  const auth = createBasicAuth(users, notingCompare().compare);
  assert.equal(await auth.check(basic("__proto__", "builder")), "ok");
  const empty = createBasicAuth({}, notingCompare().compare);
  assert.equal(await empty.check(basic("__proto__", "builder")), "wrong");
});

Deno.test("check() refuses a malformed header without a comparison", async () => {
  const { asked, compare } = notingCompare();
  const auth = createBasicAuth({ bob: BOB }, compare);
  const cases: Record<string, string | null> = {
    "no header": null,
    "empty": "",
    "scheme only": "Basic",
    "scheme and space": "Basic ",
    "other scheme": basic("bob", "builder").replace("Basic", "Bearer"),
    "no space": basic("bob", "builder").replace(" ", ""),
    "two values": `${basic("bob", "builder")} x`,
    "text instead of base64": "Basic bob:builder",
    "base64 of impossible length": "Basic Ym9iO",
    "padding inside": "Basic Ym=i",
    "line break inside": `Basic ${encodeBase64("bob:").slice(0, 4)}\n${encodeBase64("builder")}`,
    "no colon": `Basic ${encodeBase64("bob")}`,
    "not UTF-8": `Basic ${btoa("bob:\xff\xfe")}`,
    "one megabyte": basic("bob", "x".repeat(700_000)),
    "one megabyte of spaces": `Basic ${" ".repeat(1_000_000)}`,
  };
  for (const [name, header] of Object.entries(cases)) {
    assert.equal(await auth.check(header), "wrong", name);
  }
  assert.deepEqual(asked, []);
});

Deno.test("check() compares for an unknown user with a hash as slow as that of some user", async () => {
  const { asked, compare } = notingCompare();
  const hash = hashSync("builder", 5);
  const auth = createBasicAuth({ bob: hash, alice: ALICE }, compare);
  for (let user = 0; user < 40; user++) await auth.check(basic(`nobody ${user}`, "builder"));
  const costs = new Set(asked.map(({ hash }) => hash.slice(0, 7)));
  assert.deepEqual(costs, new Set(["$2b$04$", "$2b$05$"]));
  for (const { hash: other } of asked) {
    assert.match(other, /^\$2b\$0[45]\$[./A-Za-z0-9]{53}$/);
    assert.ok(other !== hash && other !== ALICE);
  }
});

Deno.test("check() compares for one unknown user with the same hash each time", async () => {
  const { asked, compare } = notingCompare();
  const users = Object.fromEntries([4, 5, 6, 7].map((cost) => [`${cost}`, hashSync("x", cost)]));
  const auth = createBasicAuth(users, compare);
  for (let guess = 0; guess < 6; guess++) await auth.check(basic("nobody", `${guess}`));
  assert.equal(new Set(asked.map(({ hash }) => hash)).size, 1);
});

Deno.test("check() refuses an unknown user even when the comparison says yes", async () => {
  const auth = createBasicAuth({ bob: BOB }, () => Promise.resolve(true));
  assert.equal(await auth.check(basic("nobody", "x")), "wrong");
  assert.equal(await auth.check(basic("nobody", "x")), "wrong");
});

Deno.test("check() compares once for what it has seen, right or wrong", async () => {
  const { asked, compare } = notingCompare();
  const auth = createBasicAuth({ bob: BOB }, compare);
  for (const password of ["builder", "x", "builder", "x", "builder"]) {
    await auth.check(basic("bob", password));
  }
  assert.deepEqual(asked.map(({ password }) => password), ["builder", "x"]);
});

Deno.test("check() keeps user, hash and password apart in what it remembers", async () => {
  const { asked, compare } = notingCompare();
  const auth = createBasicAuth({ bob: BOB }, compare);
  await auth.check(basic("u", "p"));
  const nobody = asked[0]?.hash ?? "";
  // Joined as they are, with the hash between, the two guesses of each round are the same text.
  for (const separator of ["", ",", '","', "\0"]) {
    const before = asked.length;
    const between = separator + nobody + separator;
    await auth.check(basic(`u${between}x`, "y"));
    await auth.check(basic("u", `x${between}y`));
    assert.equal(asked.length, before + 2, JSON.stringify(separator));
  }
});

Deno.test("check() judges any sequence as a comparison each time would", async () => {
  const part = fc.constantFrom("a", "b", "ab", "", "aa", "é", '"', ",");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(part, part), { maxLength: 30 }), async (tries) => {
      const users: Record<string, string> = { a: "$2b$04$a", ab: "$2b$04$b", '"': "$2b$04$ab" };
      const compare = (password: string, hash: string) =>
        Promise.resolve(hash === `$2b$04$${password}`);
      const auth = createBasicAuth(users, compare);
      for (const [user, password] of tries) {
        const expected = users[user] === `$2b$04$${password}` ? "ok" : "wrong";
        assert.equal(await auth.check(basic(user, password)), expected);
      }
    }),
  );
});

Deno.test("check() forgets the oldest wrong guess but no right password", async () => {
  const { asked, compare } = notingCompare();
  const auth = createBasicAuth({ bob: BOB }, compare);
  await auth.check(basic("bob", "builder"));
  for (let guess = 0; guess <= 100; guess++) await auth.check(basic("bob", `guess ${guess}`));
  assert.equal(asked.length, 102);
  await auth.check(basic("bob", "guess 100"));
  await auth.check(basic("bob", "guess 1"));
  await auth.check(basic("bob", "builder"));
  assert.equal(asked.length, 102);
  await auth.check(basic("bob", "guess 0"));
  assert.equal(asked.length, 103);
});

Deno.test("check() compares one at a time, in order", async () => {
  const { held, compare } = heldCompare();
  const auth = createBasicAuth({ bob: BOB }, compare);
  const first = auth.check(basic("bob", "1"));
  const second = auth.check(basic("bob", "2"));
  await settle();
  assert.equal(held.length, 1);
  held[0]?.resolve(false);
  assert.equal(await first, "wrong");
  await settle();
  assert.equal(held.length, 2);
  held[1]?.resolve(true);
  assert.equal(await second, "ok");
});

Deno.test("check() shares one comparison between equal requests", async () => {
  const { held, compare } = heldCompare();
  const auth = createBasicAuth({ bob: BOB }, compare);
  const checks = Array.from({ length: 200 }, () => auth.check(basic("bob", "builder")));
  await settle();
  held[0]?.resolve(true);
  assert.deepEqual(new Set(await Promise.all(checks)), new Set(["ok"]));
  assert.equal(held.length, 1);
});

Deno.test("check() lets a right password wait for as many wrong ones as there are connections", async () => {
  const { compare } = notingCompare();
  const auth = createBasicAuth({ bob: BOB }, compare);
  const guesses = Array.from({ length: 513 }, (_, guess) => auth.check(basic("bob", `${guess}`)));
  assert.equal(await auth.check(basic("bob", "one more")), "busy");
  await guesses[0];
  const scraper = auth.check(basic("bob", "builder"));
  assert.equal(await scraper, "ok");
  assert.deepEqual(new Set(await Promise.all(guesses)), new Set(["wrong"]));
});

Deno.test("check() gives each address its turn, whatever others ask for", async () => {
  const { asked, compare } = notingCompare();
  const auth = createBasicAuth({ bob: BOB }, compare);
  const guesses = Array.from(
    { length: 513 },
    (_, guess) => auth.check(basic("bob", `${guess}`), "10.0.0.66"),
  );
  const scraper = auth.check(basic("bob", "builder"), "10.0.0.1");
  assert.equal(await scraper, "ok");
  assert.ok(asked.length < 10, `${asked.length} comparisons were made before`);
  assert.equal(await auth.check(basic("bob", "builder"), "10.0.0.2"), "ok", "from memory");
  const results = await Promise.all(guesses);
  assert.equal(results.filter((result) => result === "busy").length, 1, "the last one gave way");
});

Deno.test("check() rejects with a failed comparison, forgets it and goes on", async () => {
  let broken = true;
  const auth = createBasicAuth(
    { bob: BOB },
    () => broken ? Promise.reject(new Error("thread gone")) : Promise.resolve(true),
  );
  const failing = [auth.check(basic("bob", "1")), auth.check(basic("bob", "2"))];
  for (const result of await Promise.allSettled(failing)) {
    assert.equal(result.status, "rejected");
  }
  broken = false;
  assert.equal(await auth.check(basic("bob", "1")), "ok");
});

Deno.test("tokenMatches() accepts the token in a bearer header and nothing else", () => {
  const token = "0123456789abcdef";
  const cases: Record<string, [string | null, boolean]> = {
    "right": [`Bearer ${token}`, true],
    "scheme in small letters": [`bearer ${token}`, true],
    "no header": [null, false],
    "empty": ["", false],
    "scheme only": ["Bearer ", false],
    "token only": [token, false],
    "other scheme": [`Basic ${token}`, false],
    "text before": [`x Bearer ${token}`, false],
    "shorter": [`Bearer ${token.slice(1)}`, false],
    "longer": [`Bearer ${token}0`, false],
    "other case": [`Bearer ${token.toUpperCase()}`, false],
    "second value": [`Bearer ${token} ${token}`, false],
    "not ASCII": ["Bearer é", false],
    "one megabyte": [`Bearer ${"0".repeat(1_000_000)}`, false],
  };
  for (const [name, [header, expected]] of Object.entries(cases)) {
    assert.equal(tokenMatches(header, token), expected, name);
  }
});

Deno.test("readToken() trims the space around a token", () => {
  for (const text of ["0123456789abcdef", "0123456789abcdef\n", "\ufeff 0123456789abcdef\r\n\n"]) {
    assert.equal(readToken(text), "0123456789abcdef");
  }
});

Deno.test("readToken() refuses what is short or no single word, without quoting it", () => {
  const cases: Record<string, [string, RegExp]> = {
    "empty": ["", /too short/],
    "only space": [" ".repeat(30), /too short/],
    "15 characters": ["secret789abcdef", /too short/],
    "two lines": ["secret789abcdef\nsecret789abcdef", /not one word/],
    "space inside": ["secret789 abcdef0", /not one word/],
    "not ASCII": ["secret789abcdefé", /not one word/],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    assert.throws(() => readToken(text), (error) => {
      assert.ok(error instanceof WebConfigError, name);
      assert.match(error.message, expected, name);
      assert.doesNotMatch(error.message, /secret/, name);
      return true;
    });
  }
});
