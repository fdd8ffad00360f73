/** Registers tests that need a program beside Deno, which not every machine has. @module */

/** Most programs tell their version by a flag, openssl by a command, nginx by another flag. */
export function isInstalled(program: string): boolean {
  return ["--version", "version", "-v"].some((arg) => {
    try {
      return new Deno.Command(program, { args: [arg], stdout: "null", stderr: "null" })
        .outputSync().success;
    } catch {
      return false;
    }
  });
}

/**
 * Registers a test under a name that says which program it needs. Where the program is missing the
 * test is skipped, except with `CI=true`: there it runs, and fails.
 */
export function testWith(
  program: string,
  name: string,
  body: (test: Deno.TestContext) => void | Promise<void>,
): void {
  Deno.test({
    name: `${name} (needs ${program.replace(/^.*\//, "")})`,
    ignore: Deno.env.get("CI") !== "true" && !isInstalled(program),
    fn: body,
  });
}
