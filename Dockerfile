# The exporter's image: one executable on a small Debian, run by a user who owns nothing else.

FROM denoland/deno:2.9.6 AS build
WORKDIR /src
COPY . .
# What --version says that it was made from; the context has no .git to ask.
ARG SOURCE_COMMIT=unknown
RUN deno task compile

FROM debian:13.6-slim
COPY --from=build /src/dist/tradesim-exporter /usr/local/bin/tradesim-exporter
# A volume takes over the owner of the folder that it covers.
RUN install -d -o 65532 -g 65532 -m 0700 /state
USER 65532:65532
VOLUME /state
EXPOSE 8000
# Bash asks, because there is no curl, and starting the executable for it would cost 60 MB each time.
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /-/ready HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r answer <&3 && [[ $answer == *' 200 '* ]]"]
# Inside, all addresses are the container's own: what of them is published says whoever starts it.
ENV TRADESIM_EXPORTER_HOST=0.0.0.0 TRADESIM_EXPORTER_STATE=/state/exporter.json
ENTRYPOINT ["tradesim-exporter"]
