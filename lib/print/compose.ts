/** Changes the stack's compose file to use an image instead of a clone of the repository. @module */

export const COMPOSE_PATH = "compose.yml";

const COMES_FROM =
  "$1# It comes with the release: docker load --input tradesim-exporter-*-image-*.tar.gz\n";
const BUILD = /^( *)build: \.\n/m;

/**
 * The repository's compose file, with the image taken as it is instead of being built from the
 * sources beside it.
 *
 * @throws {Error} When it builds nothing, or more than the one image, which is a bug.
 */
export function withoutBuild(compose: string): string {
  const text = compose.replace(BUILD, COMES_FROM);
  if (text === compose || /^ *build:/m.test(text)) {
    throw new Error(`Cannot remove the build from ${COMPOSE_PATH}: expected one "build: ."`);
  }
  return text;
}
