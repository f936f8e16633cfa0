#!/bin/sh
# Gives a command of schoolbell a Spark cluster to run its tasks on.
#
#   SPARK_MASTER=spark://host.example:7077 ./submit.sh run --home /srv/schoolbell
#   SPARK_MASTER=spark://host.example:7077 ./submit.sh fleet run --fleet /srv/fleet.toml
#
# Needs Java 17 and schoolbell[spark], the same version on every machine, in the same
# place (SCHOOLBELL_VENV). Landing folders and lakes lie at the same paths everywhere.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv=${SCHOOLBELL_VENV:-/opt/schoolbell/.venv}
: "${SPARK_MASTER:?name the cluster: SPARK_MASTER=spark://host.example:7077}"
export PYSPARK_PYTHON="${PYSPARK_PYTHON:-$venv/bin/python}"
export PATH="$venv/bin:$PATH"
exec spark-submit --master "$SPARK_MASTER" \
  --properties-file "$here/spark.conf" "$here/driver.py" "$@" --engine spark
