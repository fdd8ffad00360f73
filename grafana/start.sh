#!/bin/sh
# Starts Grafana in its container: with a language, and with a password for its admin that nobody
# else knows. Without one from .env it is made at the first start, shown once in the log, and kept in
# the volume.
set -eu

case "$TRADESIM_LANG" in
  fr) GF_USERS_DEFAULT_LANGUAGE=fr-FR ;;
  en) GF_USERS_DEFAULT_LANGUAGE=en-US ;;
  *)
    echo "Cannot start Grafana with TRADESIM_LANG=$TRADESIM_LANG: expected fr or en" >&2
    echo "Change it in .env, then: docker compose up -d" >&2
    exit 2
    ;;
esac
export GF_USERS_DEFAULT_LANGUAGE

# Who looks from another machine says who they are.
case "${GRAFANA_ADDRESS:-127.0.0.1}" in
  127.0.0.1) GF_AUTH_ANONYMOUS_ENABLED=true ;;
  *) GF_AUTH_ANONYMOUS_ENABLED=false ;;
esac
export GF_AUTH_ANONYMOUS_ENABLED

# A secret of a cluster is often a file, whose last line ends. Nobody types that at the login.
GF_SECURITY_ADMIN_PASSWORD=$(printf %s "${GF_SECURITY_ADMIN_PASSWORD:-}")
export GF_SECURITY_ADMIN_PASSWORD

if [ -z "$GF_SECURITY_ADMIN_PASSWORD" ]; then
  data=${GF_PATHS_DATA:-/var/lib/grafana}
  password_file=$data/admin_password
  if [ -s "$password_file" ]; then
    GF_SECURITY_ADMIN_PASSWORD=$(cat "$password_file")
  else
    GF_SECURITY_ADMIN_PASSWORD=$(head -c 18 /dev/urandom | base64 | tr '+/' '-_')
    # With a database there is an admin already, whose password was in .env and counts on.
    if [ ! -e "$data/grafana.db" ]; then
      umask 077
      echo "$GF_SECURITY_ADMIN_PASSWORD" >"$password_file.new"
      mv "$password_file.new" "$password_file"
      echo "Grafana's user is admin, the password $GF_SECURITY_ADMIN_PASSWORD"
    fi
  fi
fi

exec /run.sh "$@"
