# Sourced by up, down, test and deploy: tools, Python environments, builds and the local cloud.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
venvs=${SHOPWATCH_VENVS:-$root/.local/venv}
functions=(scheduler ping judge rollup etl reader admin)
probe_region=eu-west-1 # where the local cloud's second ping runs
api_id=5109a7c4 # the tag ms-custom-id in infra/template.yaml

say() { printf '==> %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

check_tools() {
  command -v cargo >/dev/null || die "cargo is missing. Install Rust with rustup: https://rustup.rs"
  command -v cc >/dev/null || die "a C compiler is missing (AWS-LC is built with it). On Debian: sudo apt-get install build-essential"
  check_python
}

check_python() {
  command -v python3 >/dev/null || die "python3 is missing. On Debian: sudo apt-get install python3 python3-venv"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "python3 is $(python3 -V 2>&1 | cut -d' ' -f2); 3.11 or newer is needed"
  python3 -c 'import ensurepip, venv' 2>/dev/null || die "python3 has no venv module. On Debian: sudo apt-get install python3-venv"
}

# Installs scripts/requirements/NAME.txt into a Python environment of its own, once per content.
ensure_venv() {
  local dir=$venvs/$1 list=scripts/requirements/$1.txt stamp
  stamp=$(python3 -c 'import hashlib, sys; print(sys.version, hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$list")
  if [[ "$(cat "$dir/.installed" 2>/dev/null)" == "$stamp" ]]; then return; fi
  say "installing Python packages: $1"
  rm -rf "$dir"
  python3 -m venv "$dir"
  # --no-deps, because the list is complete.
  "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$list" ||
    die "pip could not install $list (see above)"
  printf '%s\n' "$stamp" >"$dir/.installed"
}

# Where cargo puts what it builds, as an absolute path.
target_dir() {
  cargo metadata --format-version 1 --no-deps --offline --manifest-path "$(realpath Cargo.toml)" 2>/dev/null |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'
}

# Builds the workspace for this machine and puts each function where the template looks for it.
# Debug information is left out: a small zip deploys faster.
build_local() {
  say "building (the first time takes minutes)"
  cargo build --workspace --manifest-path "$(realpath Cargo.toml)"
  local from name to
  from=$(target_dir)/debug
  if [[ "$(cat target/lambda/.built-for 2>/dev/null)" != local ]]; then rm -rf target/lambda; fi
  for name in "${functions[@]}"; do
    [[ -x $from/$name ]] || die "cargo built no binary $from/$name"
    to=target/lambda/$name/bootstrap
    if [[ -e $to && ! $from/$name -nt $to ]]; then continue; fi
    mkdir -p "${to%/*}"
    if command -v strip >/dev/null; then strip -o "$to" "$from/$name"; else cp "$from/$name" "$to"; fi
  done
  echo local >target/lambda/.built-for
}

# From here on everything talks to the local cloud, whatever AWS settings the user has.
use_local_cloud() { # port
  unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_DYNAMODB AWS_ENDPOINT_URL_LAMBDA
  export AWS_ENDPOINT_URL=http://127.0.0.1:$1 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null SAM_CLI_TELEMETRY=0
  export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the range that Linux takes for outgoing connections, which could take it back before it is used.
free_port() {
  local port
  for _ in {1..100}; do
    port=$((RANDOM % 12000 + 20000))
    if ! port_taken "$port"; then echo "$port" && return; fi
  done
  die "no free port between 20000 and 32000"
}

http_status() { # URL [BEARER]: the status code, 000 without an answer
  python3 - "$@" <<'PY'
import sys, urllib.error, urllib.request
headers = {"Authorization": "Bearer " + sys.argv[2]} if len(sys.argv) > 2 else {}
try:
    print(urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers=headers), timeout=20).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print("000")
PY
}

# Whether the process of a pid file lives and is still what it was: "NAME" is part of its command.
running() { # pid-file NAME
  local pid
  pid=$(cat "$1" 2>/dev/null) && [[ -n $pid ]] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q -- "$2"
}

stop() { # pid-file NAME: SIGTERM, and wait until it has saved its state
  local pid
  if running "$1" "$2"; then
    pid=$(<"$1")
    kill -TERM "$pid"
    # A million purchases take more than half a minute to save.
    for tenth in {1..3000}; do
      kill -0 "$pid" 2>/dev/null || break
      ((tenth != 100)) || say "waiting for $2 to save its state"
      sleep 0.1
    done
    kill -0 "$pid" 2>/dev/null && die "$2 (process $pid) does not stop"
  fi
  rm -f "$1"
}

# The environment is emptied, because the emulator hands its own on to the functions. The log format
# is what LoggingConfig makes Lambda set.
start_cloud() { # folder port iam-enforced
  mkdir -p "$1/tmp"
  env -i HOME="$1" PATH="$PATH" TMPDIR="$1/tmp" LANG=C.UTF-8 AUTH="$3" \
    BIND_HOST=127.0.0.1 GATEWAY_PORT="$2" MINISTACK_HOST=127.0.0.1 AWS_ENDPOINT_URL="http://127.0.0.1:$2" \
    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true \
    NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 \
    AWS_LAMBDA_LOG_FORMAT=JSON AWS_LAMBDA_LOG_LEVEL=INFO \
    PERSIST_STATE=1 STATE_DIR="$1/state" S3_PERSIST=1 S3_DATA_DIR="$1/s3" \
    nohup "$venvs/ministack/bin/ministack" >"$1/ministack.log" 2>&1 </dev/null &
  local pid=$!
  echo "$pid" >"$1/ministack.pid"
  for _ in {1..150}; do
    # Not `running`: until the child has become ministack, it bears this script's name.
    kill -0 "$pid" 2>/dev/null || die "the local cloud ended at once: $(tail -n 5 "$1/ministack.log")"
    if port_taken "$2" && [[ $(http_status "http://127.0.0.1:$2/_ministack/ready") == 200 ]]; then return; fi
    sleep 0.2
  done
  die "the local cloud does not answer on port $2; see $1/ministack.log"
}

deploy_local() { # stack [,region…: named as if ping were there]
  say "deploying stack $1 to $AWS_ENDPOINT_URL, with a second region"
  local stack=$1 config log probe
  config=$(mktemp "${TMPDIR:-/tmp}/samconfig.XXXXXX.toml")
  sed -e "s|ReferenceTargets=127.0.0.1:4566|ReferenceTargets=${AWS_ENDPOINT_URL#http://}|" \
    -e "s|ProbeRegions=eu-west-1|&${2:-}|" infra/samconfig.toml >"$config"
  sam_deploy() { # file environment region
    AWS_REGION=$3 AWS_DEFAULT_REGION=$3 "$venvs/sam/bin/sam" deploy --template-file "$root/infra/$1" \
      --config-file "$config" --config-env "$2" --stack-name "$stack" 2>&1
  }
  log=$(sam_deploy template.yaml local "$AWS_REGION") || die "sam deploy failed:"$'\n'"$log"
  probe=$(sam_deploy probe.yaml local-probe "$probe_region") || die "sam deploy of the second region failed:"$'\n'"$probe"
  rm -f "$config"
  # The emulator ignores TimeToLiveSpecification in a template.
  "$venvs/ministack/bin/python" - "$1" <<'PY'
import sys, boto3
dynamodb = boto3.client("dynamodb")
for name in ("signals", "history", "imports", "sessions", "accounts", "audit"):
    table = f"{sys.argv[1]}-{name}"
    if dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED":
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"})
PY
}
