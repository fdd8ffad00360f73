/** Tests of whole games: purchases, conservation, and agreement with the plain reference. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createGame,
  EVENT_TYPES,
  formatWorld,
  type Game,
  type GameEvent,
  type GameNumbers,
  type GameOptions,
  parseWorld,
  type Purchase,
  stateSha256,
  type World,
} from "../../lib/simulation/mod.ts";
import { Reference } from "./reference.ts";
import { type SmallWorld, smallWorld } from "./worlds.ts";

function play(game: Game, turns: number): Game {
  for (let turn = 0; turn < turns; turn++) game.playTurn();
  return game;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A turn of a small world, with its purchases and what they left. */
function firstTurn(world: SmallWorld, seed = 1) {
  const before = smallWorld(world);
  const game = createGame({ seed, world: before });
  const purchases: Purchase[] = [];
  game.onPurchase = (purchase) => purchases.push(purchase);
  game.playTurn();
  return { game, purchases };
}

const options: fc.Arbitrary<GameOptions & { readonly commeTradesim: boolean }> = fc.record({
  seed: fc.nat(),
  entreprises: fc.integer({ min: 1, max: 12 }),
  produits: fc.integer({ min: 1, max: 25 }),
  fournisseurs: fc.integer({ min: 1, max: 8 }),
  commeTradesim: fc.boolean(),
});

const turns = fc.integer({ min: 1, max: 150 });

const RISEN = {
  seed: 21_277_937,
  entreprises: 4,
  produits: 1,
  fournisseurs: 7,
  commeTradesim: true,
};

Deno.test("playTurn() buys from the cheapest supplier with stock, the first of equals", () => {
  const { purchases } = firstTurn({
    budgets: [1_000_000_00],
    prix: [10_00],
    offres: [[[0, 1_00]], [[100, 0]], [[100, 9_00]], [[100, 8_00]], [[100, 8_00]]],
  });
  assert.deepEqual(purchases.map(({ fournisseur, prix }) => [fournisseur, prix]), [[3, 8_00]]);
});

Deno.test("playTurn() asks every firm for every active product, in order", () => {
  const { purchases } = firstTurn({
    budgets: [1_000_000_00, 1_000_000_00],
    prix: [10_00, 10_00, 10_00, 10_00],
    inactifs: [1],
    offres: [[[500, 10_00], [500, 10_00], [0, 10_00], [500, 10_00]]],
  });
  assert.deepEqual(purchases.map(({ entreprise, produit }) => [entreprise, produit]), [
    [0, 0],
    [0, 3],
    [1, 0],
    [1, 3],
  ]);
});

Deno.test("playTurn() buys 1 to 40 units, as many as there are and the budget allows", () => {
  const quantities = (world: SmallWorld) =>
    Array.from({ length: 500 }, (_, seed) => firstTurn(world, seed).purchases[0]!.quantite);
  const distinct = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);
  const upTo = (max: number) => Array.from({ length: max }, (_, index) => index + 1);
  const rich = [1_000_000_00];
  assert.deepEqual(
    distinct(quantities({ budgets: rich, offres: [[[500, 10_00]]] })),
    upTo(40),
  );
  assert.deepEqual(distinct(quantities({ budgets: rich, offres: [[[7, 10_00]]] })), upTo(7));
  assert.deepEqual(
    distinct(quantities({ budgets: [39_99], offres: [[[500, 10_00]]] })),
    upTo(3),
  );
});

Deno.test("playTurn() counts a purchase that the budget is too small for as failed", () => {
  const { game, purchases } = firstTurn({ budgets: [9_99], offres: [[[5, 10_00]]] });
  assert.deepEqual(purchases, [
    { entreprise: 0, produit: 0, fournisseur: 0, prix: 10_00, quantite: 0 },
  ]);
  const { transactions, reussies, echouees, montant, volume } = game.numbers;
  assert.deepEqual([transactions, reussies, echouees, montant, volume], [1, 0, 1, 0, 0]);
});

Deno.test("playTurn() attempts nothing when nobody sells", () => {
  const { purchases } = firstTurn({ offres: [[[0, 10_00]], [[5, 0]]] });
  assert.deepEqual(purchases, []);
});

Deno.test("playTurn() goes on to the next supplier when one has sold out", () => {
  const { purchases } = firstTurn({
    budgets: [1_000_000_00, 1_000_000_00, 1_000_000_00],
    offres: [[[1, 9_00]], [[1, 8_00]]],
  });
  assert.deepEqual(
    purchases.map(({ entreprise, fournisseur, quantite }) => [entreprise, fournisseur, quantite]),
    [[0, 1, 1], [1, 0, 1]],
  );
});

function referenceNumbers(reference: Reference): GameNumbers {
  const budgets = reference.entreprises.map(({ budget }) => budget);
  const prices = reference.produits.map(({ prix }) => prix);
  return {
    tour: reference.tick,
    budgetTotal: sum(budgets),
    budgetMin: Math.min(...budgets),
    budgetMax: Math.max(...budgets),
    entreprises: budgets.length,
    entreprisesSolvables: budgets.filter((budget) => budget > 0).length,
    transactions: reference.reussies + reference.echouees,
    reussies: reference.reussies,
    echouees: reference.echouees,
    montant: reference.montant,
    volume: reference.volume,
    recharges: reference.recharges,
    livraisons: reference.livraisons,
    fournisseurs: reference.fournisseurs.length,
    produits: prices.length,
    produitsActifs: reference.produits.filter(({ actif }) => actif).length,
    prixTotal: sum(prices),
    prixMin: Math.min(...prices),
    prixMax: Math.max(...prices),
    evenements: reference.evenements,
  };
}

function assertAgree(world: World, reference: Reference, where: string): void {
  assert.deepEqual(
    {
      produits: world.produits.map(({ prix, actif }) => ({ prix, actif })),
      fournisseurs: world.fournisseurs.map(({ stocks, prix }) => ({ stocks, prix })),
      entreprises: world.entreprises.map(({ budget, stocks }) => ({ budget, stocks })),
      alea: world.reprise!.alea,
      tick: world.reprise!.tick,
    },
    {
      produits: reference.produits.map(({ prix, actif }) => ({ prix, actif })),
      fournisseurs: reference.fournisseurs.map(({ stocks, prix }) => ({
        stocks,
        prix: prix.map((price) => price ?? 0),
      })),
      entreprises: reference.entreprises.map(({ budget, stocks }) => ({ budget, stocks })),
      alea: reference.random.state,
      tick: reference.tick,
    },
    where,
  );
}

Deno.test("playTurn() agrees with the plain reference after every turn, for any size and seed", () => {
  fc.assert(
    fc.property(options, turns, (gameOptions, count) => {
      const game = createGame(gameOptions);
      const reference = new Reference(game.world, gameOptions.commeTradesim);
      assert.deepEqual(game.numbers, referenceNumbers(reference));
      for (let turn = 1; turn <= count; turn++) {
        game.playTurn();
        reference.playTurn();
        assert.deepEqual(game.numbers, referenceNumbers(reference), `turn ${turn}`);
        assertAgree(game.world, reference, `turn ${turn}`);
      }
    }),
    // The example is a game whose only price reaches the highest one that there is.
    { numRuns: 150, examples: [[RISEN, 105]] },
  );
});

for (const commeTradesim of [false, true]) {
  const mode = commeTradesim ? "as TradeSim plays" : "by the described rules";
  Deno.test(`playTurn() agrees with the plain reference over 3000 turns ${mode}`, () => {
    for (const seed of [1, 2, 3]) {
      const game = createGame({ seed, commeTradesim });
      const reference = new Reference(game.world, commeTradesim);
      for (let turn = 1; turn <= 3000; turn++) {
        game.playTurn();
        reference.playTurn();
        assert.deepEqual(game.numbers, referenceNumbers(reference), `turn ${turn}`);
      }
      assertAgree(game.world, reference, `seed ${seed}`);
    }
  });

  Deno.test(`playTurn() agrees with the plain reference where money is short ${mode}`, () => {
    for (let seed = 0; seed < 40; seed++) {
      const { reprise: _, ...world } = createGame({ seed, entreprises: 6 }).world;
      const poor = {
        ...world,
        entreprises: world.entreprises.map((firm, index) => ({
          ...firm,
          budget: index * 150_00,
          budgetInitial: index * 150_00,
        })),
      };
      const game = createGame({ seed, commeTradesim, world: poor });
      const reference = new Reference(game.world, commeTradesim);
      for (let turn = 1; turn <= 60; turn++) {
        game.playTurn();
        reference.playTurn();
        assert.deepEqual(game.numbers, referenceNumbers(reference), `turn ${turn}`);
      }
      assertAgree(game.world, reference, `seed ${seed}`);
      assert.ok(game.numbers.echouees > 0);
    }
  });

  Deno.test(`playTurn() agrees with the plain reference in a large world ${mode}`, () => {
    const size = { entreprises: 120, produits: 80, fournisseurs: 20 };
    const game = createGame({ seed: 5, commeTradesim, ...size });
    const reference = new Reference(game.world, commeTradesim);
    for (let turn = 1; turn <= 120; turn++) {
      game.playTurn();
      reference.playTurn();
      assert.deepEqual(game.numbers, referenceNumbers(reference), `turn ${turn}`);
    }
    assertAgree(game.world, reference, "end");
  });
}

Deno.test("a game keeps money to the cent and stock to the unit, and neither goes below zero", () => {
  const units = ({ fournisseurs, entreprises }: World, product: number) =>
    sum([...fournisseurs, ...entreprises].map(({ stocks }) => stocks[product]!));
  fc.assert(fc.property(options, turns, (gameOptions, count) => {
    const game = createGame(gameOptions);
    const before = game.world;
    const spent = new Array<number>(before.entreprises.length).fill(0);
    let recharged = 0;
    let delivered = 0;
    game.onPurchase = ({ entreprise, quantite, prix }) => spent[entreprise]! += quantite * prix;
    game.onEvent = ({ type, total }) => {
      if (type === "recharge_budget") recharged += total;
      if (type === "reassort" || type === "recharge_stock_fournisseur") delivered += total;
    };
    play(game, count);
    const after = game.world;
    const budgets = (world: World) => sum(world.entreprises.map(({ budget }) => budget));
    assert.equal(budgets(after), budgets(before) - sum(spent) + recharged);
    const products = before.produits.map((_, product) => product);
    assert.equal(
      sum(products.map((product) => units(after, product))),
      sum(products.map((product) => units(before, product))) + delivered,
    );
    for (const product of products) assert.ok(units(after, product) >= units(before, product));
    const { montant, recharges, livraisons, volume } = game.numbers;
    assert.deepEqual([montant, recharges, livraisons], [sum(spent), recharged, delivered]);
    assert.equal(volume, sum(after.entreprises.flatMap(({ stocks }) => stocks)));
    for (const { budget } of after.entreprises) {
      assert.ok(Number.isSafeInteger(budget) && budget >= 0, String(budget));
    }
    for (const { stocks } of [...after.entreprises, ...after.fournisseurs]) {
      for (const stock of stocks) assert.ok(Number.isSafeInteger(stock) && stock >= 0);
    }
  }));
});

Deno.test("a game is the same for the same seed and another for another", () => {
  fc.assert(fc.property(options, turns, (gameOptions, count) => {
    const one = play(createGame(gameOptions), count);
    const again = play(createGame(gameOptions), count);
    assert.deepEqual(again.world, one.world);
    assert.deepEqual(again.numbers, one.numbers);
    const other = play(createGame({ ...gameOptions, seed: gameOptions.seed + 1 }), count);
    assert.notDeepEqual(other.world, one.world);
  }));
});

Deno.test("a game that was saved and loaded goes on as if it had not stopped", () => {
  fc.assert(fc.property(options, turns, turns, fc.nat(), (gameOptions, before, after, seed) => {
    const game = play(createGame(gameOptions), before);
    const { commeTradesim } = gameOptions;
    const world = parseWorld(formatWorld(game.world));
    const loaded = createGame({ seed, commeTradesim, world });
    assert.deepEqual({ ...loaded.numbers }, {
      ...game.numbers,
      tour: 0,
      transactions: 0,
      reussies: 0,
      echouees: 0,
      montant: 0,
      volume: 0,
      recharges: 0,
      livraisons: 0,
      evenements: 0,
    });
    assert.deepEqual(play(loaded, after).world, play(game, after).world);
  }));
});

Deno.test("a world saved by the other rules begins anew", () => {
  const { reprise, ...world } = play(createGame({ seed: 1 }), 100).world;
  const fresh = createGame({ seed: 2, commeTradesim: true, world });
  const saved = createGame({
    seed: 2,
    commeTradesim: true,
    world: { ...world, reprise: reprise! },
  });
  assert.deepEqual(play(saved, 50).world, play(fresh, 50).world);
});

Deno.test("createGame() begins with the world's budgets, as TradeSim with the initial ones", () => {
  const world = smallWorld({ budgets: [500_00], offres: [[[0, 0]]] });
  const [firm] = world.entreprises;
  const apart = { ...world, entreprises: [{ ...firm!, budgetInitial: 900_00 }] };
  assert.equal(createGame({ seed: 1, world: apart }).numbers.budgetTotal, 500_00);
  const comme = createGame({ seed: 1, world: apart, commeTradesim: true });
  assert.equal(comme.numbers.budgetTotal, 900_00);
  assert.equal(comme.world.entreprises[0]!.budget, 900_00);
});

Deno.test("createGame() leaves the world that it is given alone", () => {
  const world = createGame({ seed: 4 }).world;
  const copy = structuredClone(world);
  play(createGame({ seed: 4, world }), 50);
  assert.deepEqual(world, copy);
});

Deno.test("prices fall again by the described rules, and never as TradeSim plays", () => {
  const falls = (commeTradesim: boolean) => {
    const game = createGame({ seed: 9, commeTradesim });
    let before = game.numbers.prixTotal;
    let count = 0;
    for (let turn = 0; turn < 2000; turn++) {
      game.playTurn();
      if (game.numbers.prixTotal < before) count++;
      before = game.numbers.prixTotal;
    }
    return count;
  };
  assert.ok(falls(false) > 100);
  assert.equal(falls(true), 0);
});

Deno.test("events come in even ticks as often as their chances say", () => {
  const size = { entreprises: 5, produits: 30, fournisseurs: 5 };
  const game = createGame({ seed: 11, ...size });
  const counts = new Map<string, number>();
  game.onEvent = ({ type, tour }) => {
    assert.equal((tour - 1) % 2, 0);
    if (type === "recharge_stock_fournisseur") assert.equal((tour - 1) % 20, 0);
    counts.set(type, (counts.get(type) ?? 0) + 1);
  };
  play(game, 40_000);
  const share = (type: string, tries: number) => (counts.get(type) ?? 0) / tries;
  const isNear = (value: number, expected: number) =>
    assert.ok(Math.abs(value - expected) < 0.02, `${value} ${expected}`);
  // Every firm is left out in 0.3⁵ of the recharges, every active product in a few reassorts.
  isNear(share("recharge_budget", 20_000), 0.5 * (1 - 0.3 ** 5));
  isNear(share("reassort", 20_000), 0.495);
  isNear(share("variation_disponibilite", 20_000), 0.15);
  isNear(share("inflation", 20_000), 0.2);
  assert.ok(share("recharge_stock_fournisseur", 2000) <= 0.43);
  assert.equal(game.numbers.evenements, sum([...counts.values()]));
});

Deno.test("evenements counts events, and as TradeSim plays their log entries", () => {
  for (const commeTradesim of [false, true]) {
    const game = createGame({ seed: 6, commeTradesim });
    const events: GameEvent[] = [];
    game.onEvent = (event) => events.push(event);
    play(game, 100);
    const expected = sum(events.map(({ entrees }) => commeTradesim ? entrees : 1));
    assert.equal(game.numbers.evenements, expected);
    for (const type of EVENT_TYPES) {
      const last = events.findLast((event) => event.type === type)?.tour ?? 0;
      assert.equal(game.lastEvents[type], last, type);
    }
    assert.ok(events.length < sum(events.map(({ entrees }) => entrees)));
  }
});

Deno.test("numbers is always the same object", () => {
  const game = createGame({ seed: 1 });
  const { numbers, lastEvents } = game;
  play(game, 10);
  assert.equal(game.numbers, numbers);
  assert.equal(game.lastEvents, lastEvents);
  assert.equal(numbers.tour, 10);
});

Deno.test("a game does not depend on who listens", () => {
  const silent = play(createGame({ seed: 8 }), 200);
  const heard = createGame({ seed: 8 });
  heard.onPurchase = () => {};
  heard.onEvent = () => {};
  assert.deepEqual(play(heard, 200).world, silent.world);
});

Deno.test("a game as TradeSim plays ends when 100 000 purchases were attempted", () => {
  const size = { entreprises: 300, produits: 60, fournisseurs: 5 };
  const game = createGame({ seed: 1, commeTradesim: true, ...size });
  const budgets = game.numbers.budgetTotal;
  const message =
    "Cannot play on: as in TradeSim, a game has ids for 100000 purchases, expected no more";
  assert.throws(() => play(game, 100_000), { name: "GameOver", message });
  const { numbers } = game;
  assert.equal(numbers.transactions, 100_000);
  assert.equal(numbers.reussies + numbers.echouees, 100_000);
  assert.equal(numbers.budgetTotal, budgets + numbers.recharges - numbers.montant);
  assert.equal(numbers.budgetTotal, sum(game.world.entreprises.map(({ budget }) => budget)));
  const { tour } = numbers;
  assert.throws(() => game.playTurn(), { name: "GameOver" });
  assert.equal(numbers.tour, tour);
});

Deno.test("a game as TradeSim plays ends after 100 000 turns", () => {
  const world = smallWorld({ prix: [10_00], inactifs: [0], offres: [[[0, 0]]] });
  const game = createGame({ seed: 1, commeTradesim: true, world });
  const message =
    "Cannot play on: as in TradeSim, a game has ids for 100000 turns, expected no more";
  assert.throws(() => play(game, 200_000), { name: "GameOver", message });
  assert.equal(game.numbers.tour, 100_000);
});

Deno.test("a game by the described rules goes on", () => {
  const game = play(createGame({ seed: 1, entreprises: 60, produits: 60 }), 100_001);
  assert.equal(game.numbers.tour, 100_001);
  assert.ok(game.numbers.transactions > 100_000);
});

Deno.test("stateSha256() is what it was, on every machine", async () => {
  const hashes: Record<string, string> = {};
  for (const seed of [0, 1, 42]) {
    for (const commeTradesim of [false, true]) {
      const game = play(createGame({ seed, commeTradesim }), 1000);
      hashes[`${seed}${commeTradesim ? " comme TradeSim" : ""}`] = await stateSha256(game);
    }
  }
  const grand = play(
    createGame({ seed: 1, entreprises: 1000, produits: 200, fournisseurs: 50 }),
    200,
  );
  hashes["1 grand"] = await stateSha256(grand);
  // A new hash means that games of a seed are no longer those of earlier versions.
  assert.deepEqual(hashes, {
    "0": "9ecbd7c399b3fc2e7e13a5e651d6fcf32f21f164b1be8496ebda1e8d51eea067",
    "0 comme TradeSim": "e9a5d3ce781769eccc59499daa1d94e1f9496bc86be0255aac0b5231f9ffd478",
    "1": "349f937552e8adc34f1906cd527bfe2c9af56507ab1e1cf745a3cbda2fe85e44",
    "1 comme TradeSim": "ba77df512aff6caae0313ceaa389e065fb0a9040f01584b57c3bd55c15395b67",
    "42": "a640853455d39b7464a2da608d59ee1e424cb16d392f9f2295b3a7195946ecbf",
    "42 comme TradeSim": "ba3d54766c379a2029508ff53ae06102324a03df6499f0e98a37b5bead9908bb",
    "1 grand": "5b745bb4655936426df52fb8ebba3a31faec8b7730ece67744a9bd90afe875bd",
  });
});
