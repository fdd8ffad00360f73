/** Makes the stack's compose file one that needs no clone of the repository. @module */

export const COMPOSE_PATH = "compose.yml";

const BUILD = /^( *)build: \.\n/m;

/**
 * The repository's compose file, with the image taken as it is instead of being built from the
 * sources beside it.
 *
 * @throws {Error} When it builds nothing, or more than the one image, which is a bug.
 */
export function withoutBuild(compose: string): string {
  const text = compose.replace(
    BUILD,
    "$1# Comes with the release: docker load --input <its file>\n",
  );
  if (text === compose || /^ *build:/m.test(text)) {
    throw new Error(`Cannot make ${COMPOSE_PATH} one without sources: expected one "build: ."`);
  }
  return text;
}
