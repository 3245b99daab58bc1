# syntax=docker/dockerfile:1
# The Meltano project of this repository with its plugins, and the sandbox; see docs/containers.md.
FROM python:3.13-slim-bookworm

# Meltano's plugins get the versions of constraints.txt, as they do outside a container.
ENV UV_CONSTRAINT=/project/constraints.txt \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_CACHE=1 \
    MELTANO_AUTO_INSTALL=false \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/meltano/bin:$PATH

WORKDIR /project
COPY constraints.txt LICENSE pyproject.toml README.md ./
COPY scripts/make_venv.sh scripts/
COPY tap_exact_online/ tap_exact_online/
COPY dbt/ dbt/
RUN bash scripts/make_venv.sh /opt/meltano constraints.txt \
 && uv pip install --python /opt/meltano/bin/python --editable '.[postgres,sandbox]' 'meltano[postgres]'

COPY meltano.yml quiet.yaml tests/ledger/dbt.txt ./
COPY demo/__init__.py demo/changes.py demo/container.py demo/
# Nobody writes here but Meltano, and only while it runs: what has to be kept belongs into a database or a volume. dbt holds some
# packages at older versions than the tap's own.
RUN meltano install tap-exact-online target-postgres exact-online \
 && UV_CONSTRAINT=/project/dbt.txt meltano install ledger \
 && useradd --uid 10001 --create-home books \
 && install --directory --owner=books /ready \
 && chown --recursive books .meltano
USER 10001

ENTRYPOINT ["meltano"]
CMD ["run", "exact-online-mirror"]
