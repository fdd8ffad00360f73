/** The rivals of the exporter's ingest: `/json` only does `await request.json()`, `/bytes` only reads. @module */

async function readBytes(request: Request): Promise<void> {
  const reader = request.body!.getReader();
  while (!(await reader.read()).done);
}

Deno.serve(
  {
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => Deno.stdout.writeSync(new TextEncoder().encode(`${port}\n`)),
  },
  async (request) => {
    if (request.url.endsWith("/json")) await request.json();
    else await readBytes(request);
    return Response.json({ status: "success", message: "Métriques mises à jour" });
  },
);
