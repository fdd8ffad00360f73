/** Makes a certificate for a server on this machine. @module */

import assert from "node:assert/strict";

/** Writes `key.pem` and `cert.pem`, for `localhost` and 127.0.0.1, into a folder. Needs openssl. */
export async function makeCertificate(folder: string): Promise<void> {
  const { success } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-addext", "basicConstraints=CA:FALSE"],
    ],
    cwd: folder,
    stderr: "null",
  }).output();
  assert.ok(success);
}
