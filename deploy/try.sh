#!/usr/bin/env bash
# The arrangement of compose.yaml as processes on loopback, without containers: PostgreSQL, two instances from the publish output in a folder that they
# cannot write to, and nginx with the very nginx.conf. Everything runs as an unprivileged user, in Production.
#
#   deploy/try.sh           starts it, says where, and ends with a line on standard input
#   deploy/try.sh --check   signs in through it, kills an instance, goes on, and ends; the exit code is 0 when all went well
#
# PUBLISHED names a folder with publish output, otherwise it is made; CONFIG a further file with settings.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 0 ] || [ "$1" = --check ] || { echo "usage: deploy/try.sh [--check]" >&2; exit 2; }

postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$postgres/initdb" ] || { echo "PostgreSQL is not here: install postgresql." >&2; exit 2; }
for tool in nginx openssl curl setpriv; do
  command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || { echo "$tool is not here: install it." >&2; exit 2; }
done
PATH=$PATH:/usr/sbin

folder=$(mktemp -d)
chmod 711 "$folder"
pids=()
finish() {
  # PostgreSQL is the first; at once, as nothing is kept.
  [ ${#pids[@]} -eq 0 ] || kill -QUIT "${pids[0]}" 2>/dev/null || true
  kill "${pids[@]:1}" 2>/dev/null || true
  wait "${pids[@]}" 2>/dev/null || true
  chmod -R u+w "$folder"
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# As containers do: not as root, whoever starts this.
unprivileged=()
[ "$(id -u)" != 0 ] || unprivileged=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups --no-new-privs)
own() { [ "$(id -u)" != 0 ] || chown -R nobody "$@"; }

used=" "
free_port() {
  while port=$((20000 + RANDOM)); [[ $used == *" $port "* ]] || (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  used="$used$port "
}
free_port; database=$port
free_port; plain=$port
free_port; public=$port
free_port; ports=("$port")
free_port; ports+=("$port")

wait_for() { # what, command
  local what=$1; shift
  for _ in $(seq 300); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
  echo "$what did not start:" >&2
  tail -n 50 "$folder"/*.log >&2
  exit 1
}

# 1. The publish output, which nobody may write to.
if [ -n "${PUBLISHED:-}" ]; then
  cp -r "$PUBLISHED" "$folder/app"
else
  dotnet publish src/IdentityServer --configuration Release --output "$folder/app" --verbosity quiet --nologo >&2
fi
chmod -R a-w,a+rX "$folder/app"

# 2. Secrets, as make build makes them.
mkdir -m 700 "$folder/secrets" "$folder/mail" "$folder/nginx"
openssl rand -base64 32 > "$folder/secrets/master.key"
openssl rand -hex 32 > "$folder/secrets/database.password"
sed "s|DATABASE_PASSWORD|$(cat "$folder/secrets/database.password")|; s|Host=database|Host=127.0.0.1;Port=$database|; s|/mail|$folder/mail|" deploy/server.json > "$folder/secrets/server.json"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$folder/secrets/tls_key" -out "$folder/secrets/tls_certificate" 2>/dev/null
cp "$folder/secrets/tls_certificate" "$folder/localhost.pem"
[ -z "${CONFIG:-}" ] || cp "$CONFIG" "$folder/secrets/more.json"
chmod 600 "$folder"/secrets/*
own "$folder/secrets" "$folder/mail" "$folder/nginx"

# 3. PostgreSQL.
mkdir -m 700 "$folder/database"
own "$folder/database"
(cd "$folder/database" && "${unprivileged[@]}" "$postgres/initdb" --pgdata="$folder/database/data" --username=identityserver --auth=scram-sha-256 \
  --pwfile="$folder/secrets/database.password" --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null)
(cd "$folder/database" && exec "${unprivileged[@]}" "$postgres/postgres" -D "$folder/database/data" -p "$database" -c listen_addresses=127.0.0.1 \
  -c "unix_socket_directories=$folder/database") > "$folder/database.log" 2>&1 &
pids+=($!)
wait_for PostgreSQL "$postgres/pg_isready" --host=127.0.0.1 --port="$database"

# 4. The server: once for the migrations, then two instances. The settings are those of compose.yaml.
server() { # words of the command line; in a subshell, which it becomes
  cd "$folder/app" && exec env --ignore-environment "PATH=$PATH" HOME=/nonexistent TMPDIR="$folder/nginx" ${DOTNET_ROOT:+DOTNET_ROOT="$DOTNET_ROOT"} \
    DOTNET_EnableDiagnostics=0 ASPNETCORE_ENVIRONMENT=Production "ASPNETCORE_URLS=${listen:-http://127.0.0.1:1}" \
    "IDENTITYSERVER_CONFIG=$folder/secrets/server.json${CONFIG:+;$folder/secrets/more.json}" \
    "Server__Issuer=https://localhost:$public" "AllowedHosts=localhost;127.0.0.1" Database__Provider=Postgres \
    "Keys__MasterKeyFile=$folder/secrets/master.key" Hosting__TrustedProxies__0=127.0.0.1 \
    "${unprivileged[@]}" dotnet IdentityServer.dll "$@"
}
(server migrate) > "$folder/migrate.log" 2>&1 || { cat "$folder/migrate.log" >&2; exit 1; }
for number in 1 2; do
  (listen=http://127.0.0.1:${ports[number - 1]}; server) > "$folder/instance-$number.log" 2>&1 &
  pids+=($!)
done
for number in 1 2; do
  wait_for "Instance $number" curl -fsS "http://127.0.0.1:${ports[number - 1]}/health"
done

# 5. nginx, with the names that only containers have replaced.
sed "s|server-1:8080|127.0.0.1:${ports[0]}|; s|server-2:8080|127.0.0.1:${ports[1]}|; s|listen 8080|listen 127.0.0.1:$plain|; s|listen 8443|listen 127.0.0.1:$public|
  s|/tmp/|$folder/nginx/|; s|/run/secrets/|$folder/secrets/|; s|/dev/stdout|$folder/nginx/access.log|" deploy/nginx.conf > "$folder/nginx.conf"
chmod 644 "$folder/nginx.conf"
"${unprivileged[@]}" nginx -e stderr -t -q -c "$folder/nginx.conf"
(exec "${unprivileged[@]}" nginx -e stderr -c "$folder/nginx.conf" -g 'daemon off;') > "$folder/nginx.log" 2>&1 &
pids+=($!)
fetch() { curl -sS --cacert "$folder/localhost.pem" "$@"; }
wait_for nginx fetch --fail "https://localhost:$public/health"

echo "folder: $folder"
echo "plain: http://localhost:$plain"
for number in 1 2; do echo "instance $number: pid ${pids[number]} at http://127.0.0.1:${ports[number - 1]}"; done
echo "Ready at https://localhost:$public"

if [ $# -eq 0 ]; then
  read -r _ || true
  exit 0
fi

# 6. Signs in by the one-time-code grant, refreshes, loses an instance, refreshes.
value() { sed -nE "s/.*\"$1\": *\"([^\"]+)\".*/\1/p" <<< "$answer"; }
expect() { [ -n "$(value "$1")" ] || { echo "no $1 in: $answer" >&2; exit 1; }; }
post() { local path=$1; shift; answer=$(fetch "https://localhost:$public$path" "$@"); }
(server applications add check --kind native --otp --own) > "$folder/add.log" 2>&1
sleep 3 # until each instance has seen it: Registry:Freshness
post /connect/otp -d client_id=check -d address=someone@mail.example --data-urlencode 'scope=openid offline_access'
expect challenge
challenge=$(value challenge)
wait_for "A mail" sh -c "grep -qs . $folder/mail/*.eml"
code=$(grep -ohE '\b[0-9]{6}\b' "$folder"/mail/*.eml | head -1)
otp=(-d grant_type=urn:identityserver:params:oauth:grant-type:otp -d client_id=check -d "challenge=$challenge" -d "otp=$code" -d name=Someone)
post /connect/token "${otp[@]}"
expect refresh_token
echo "signed in with the code of the mail"
refresh() { post /connect/token -d grant_type=refresh_token -d client_id=check -d "refresh_token=$(value refresh_token)"; expect refresh_token; }
for _ in 1 2 3 4; do refresh; done
sleep 0.2
echo "refreshed four times, by instances at$(sed -nE 's/.*\/connect\/token.* to=([0-9.:]+).*/\1/p' "$folder/nginx/access.log" | sort | uniq -c | tr '\n' ' ' | tr -s ' ')"
{ kill -9 "${pids[1]}"; wait "${pids[1]}"; } 2>/dev/null || true
for _ in 1 2 3 4; do refresh; done
echo "killed instance 1, refreshed four times more"
