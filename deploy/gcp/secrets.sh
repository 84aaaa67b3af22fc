#!/usr/bin/env bash
# Puts what must not be known into Secret Manager: the URLs of the databases and of Redis, with their passwords. A secret
# bears the name of its variable, in small letters and with hyphens. Nothing is printed, and no password is an argument that others on this machine could
# read. A secret that says the same already is left alone, so this may be run again: after a password was changed, too.
#
#   PROJECT=acme-recs REGION=europe-west1 deploy/gcp/secrets.sh
#   printf %s "$TOKEN" | PROJECT=acme-recs deploy/gcp/secrets.sh recs-slack-token
set -euo pipefail

: "${PROJECT:?is the id of the project}"

put() {
  local name=$1 content
  content=$(cat)
  gcloud secrets describe "$name" --project="$PROJECT" >/dev/null 2>&1 ||
    gcloud secrets create "$name" --project="$PROJECT" --replication-policy=automatic --labels=app=recs >/dev/null
  if [ "$content" = "$(gcloud secrets versions access latest --secret="$name" --project="$PROJECT" 2>/dev/null)" ]; then
    echo "$name: as it was"
  else
    printf %s "$content" | gcloud secrets versions add "$name" --project="$PROJECT" --data-file=- >/dev/null
    echo "$name: a new version"
  fi
}

encoded() {
  python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.stdin.read(), safe=""), end="")'
}

if [ $# -gt 0 ]; then
  put "$1"
  exit
fi

: "${REGION:?is the region, such as europe-west1}"
host=$(gcloud sql instances describe recs --project="$PROJECT" --format="value(ipAddresses[0].ipAddress)")
password=$(gcloud secrets versions access latest --secret=recs-database-password --project="$PROJECT" | encoded)
for name in recs-database-url recs-dagster-database-url; do
  printf %s "postgresql://recs:${password}@${host}/recs?sslmode=require" | put "$name"
done

redis() {
  gcloud redis instances "$@" --project="$PROJECT" --region="$REGION"
}

host=$(redis describe recs --format="value(host)")
port=$(redis describe recs --format="value(port)")
password=$(redis get-auth-string recs --format="value(authString)" | tr -d '\n' | encoded)
authority=$(redis describe recs --format="value(serverCaCerts[0].cert)" | encoded)
printf %s "rediss://:${password}@${host}:${port}/0?ssl_check_hostname=false&ssl_ca_data=${authority}" | put recs-redis-url
