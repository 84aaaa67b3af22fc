#!/usr/bin/env bash
# Makes the accounts of Google Cloud that the platform's pods act as, and gives each the roles of docs/deploy.md and no
# others. No key is made: pods act as their account by workload identity. May be run again at any time.
#
#   PROJECT=acme-recs LOCATION=europe deploy/gcp/accounts.sh
set -euo pipefail

: "${PROJECT:?is the id of the project}" "${LOCATION:?is where the registry is, such as europe}"
NAMESPACE=recs
FILES="gs://${PROJECT}-files"

address() {
  echo "$1@${PROJECT}.iam.gserviceaccount.com"
}

account() {
  local name=$1 says=$2
  gcloud iam service-accounts describe "$(address "$name")" --project="$PROJECT" >/dev/null 2>&1 ||
    gcloud iam service-accounts create "$name" --project="$PROJECT" --display-name="$says"
  gcloud iam service-accounts add-iam-policy-binding "$(address "$name")" --project="$PROJECT" \
    --role=roles/iam.workloadIdentityUser \
    --member="serviceAccount:${PROJECT}.svc.id.goog[${NAMESPACE}/${name}]" >/dev/null
  echo "account $name"
}

on_project() {
  gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$(address "$1")" --role="$2" \
    --condition=None >/dev/null
  echo "  $1: $2 on the project"
}

on_bucket() {
  gcloud storage buckets add-iam-policy-binding "$FILES" --member="serviceAccount:$(address "$1")" --role="$2" >/dev/null
  echo "  $1: $2 on $FILES"
}

on_models() {
  gcloud artifacts repositories add-iam-policy-binding models --project="$PROJECT" --location="$LOCATION" \
    --member="serviceAccount:$(address "$1")" --role="$2" >/dev/null
  echo "  $1: $2 on the repository models"
}

account recs-run "recs: run pods, migrations, operators"
on_project recs-run roles/bigquery.user
on_bucket recs-run roles/storage.objectUser
on_models recs-run roles/artifactregistry.writer

account recs-dagster "recs: web server, daemon, code location"
on_project recs-dagster roles/bigquery.jobUser
on_project recs-dagster roles/bigquery.dataViewer
on_project recs-dagster roles/bigquery.readSessionUser
on_bucket recs-dagster roles/storage.objectViewer
on_models recs-dagster roles/artifactregistry.reader

account recs-service "recs: prediction service, metrics"
on_project recs-service roles/bigquery.jobUser
on_project recs-service roles/bigquery.dataViewer
on_project recs-service roles/bigquery.readSessionUser
on_bucket recs-service roles/storage.objectViewer
on_models recs-service roles/artifactregistry.reader

account recs-secrets "recs: hands secrets to the cluster"
for secret in $(gcloud secrets list --project="$PROJECT" --filter="labels.app=recs" --format="value(name.basename())"); do
  gcloud secrets add-iam-policy-binding "$secret" --project="$PROJECT" \
    --member="serviceAccount:$(address recs-secrets)" --role=roles/secretmanager.secretAccessor >/dev/null
  echo "  recs-secrets: roles/secretmanager.secretAccessor on $secret"
done
