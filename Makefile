# The containers of deploy/: nginx, two instances, PostgreSQL. What production needs beyond this: docs/operations.md.
DOMAIN ?= localhost
ADMIN ?= admin@example.com

COMPOSE := docker compose --file deploy/compose.yaml --env-file deploy/.env
SECRETS := deploy/secrets/database.password deploy/secrets/master.key deploy/secrets/server.json deploy/secrets/tls.crt
# Containers run as whoever owns the secrets: you, or the image's user when you are root.
OWNER := $(shell test "$$(id -u)" = 0 && echo 1654:1654 || echo "$$(id -u):$$(id -g)")

.DEFAULT_GOAL := help
.PHONY: help build up down command try

help: ## Show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

build: deploy/.env $(SECRETS) ## Build the image, migrate the database, make the first administrator (DOMAIN=id.example.com ADMIN=you@example.com)
	@mkdir -p -m 700 deploy/mail
	@if [ "$$(id -u)" = 0 ]; then chown -R $(OWNER) deploy/secrets deploy/mail; fi
	$(COMPOSE) build command
	$(COMPOSE) run --rm command migrate
	$(COMPOSE) run --rm command admin create --email $(ADMIN)

up: ## Start everything and wait until it is healthy
	$(COMPOSE) up --detach --wait
	@. deploy/.env && echo "Ready at https://$$DOMAIN - codes are in deploy/mail until deploy/secrets/server.json names a relay."

down: ## Stop everything; data stays
	$(COMPOSE) down

command: ## Run a command of the server (RUN="users list")
	$(COMPOSE) run --rm command $(RUN)

try: ## The same arrangement as processes, without containers: sign in through it, then stop
	deploy/try.sh --check

deploy/.env:
	@printf 'DOMAIN=%s\nSERVER_USER=%s\n' '$(DOMAIN)' '$(OWNER)' > $@

deploy/secrets:
	@mkdir -p -m 700 $@

deploy/secrets/master.key: | deploy/secrets
	@umask 077 && openssl rand -base64 32 > $@

deploy/secrets/database.password: | deploy/secrets
	@umask 077 && openssl rand -hex 32 > $@

# Made once: it is yours to edit.
deploy/secrets/server.json: | deploy/secrets/database.password
	@umask 077 && sed "s|DATABASE_PASSWORD|$$(cat deploy/secrets/database.password)|" deploy/server.json > $@

deploy/secrets/tls.crt: | deploy/secrets
	@umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj '/CN=$(DOMAIN)' -addext 'subjectAltName=DNS:$(DOMAIN)' \
	  -keyout deploy/secrets/tls.key -out $@ 2>/dev/null
	@echo "deploy/secrets/tls.crt is self-signed: put a real certificate there and its key into tls.key."
