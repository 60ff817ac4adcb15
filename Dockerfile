# The backend in a container: `docker build --tag js-runtime .`
#
# `npm run docker:rehearse` takes these steps one by one without an engine, so keep to the instructions that it knows.

# The Node of the development dependency `node`, or the rehearsal fails. Debian, not Alpine: util-linux is essential in
# Debian, isolated-vm's binary is made for glibc. With a digest it is the same image tomorrow: add yours.
FROM node:26.10.0-trixie-slim AS base
WORKDIR /app
# With modes of their own: a checkout may have files that only its owner may read.
COPY --chmod=644 package.json package-lock.json ./
COPY --chmod=644 libs/js-runtime/package.json libs/js-runtime/

FROM base AS production-dependencies
# Not the workspaces in apps/, which are no part of the backend.
RUN npm ci --omit=dev --workspace=nestjs-js-runtime --include-workspace-root --no-audit --no-fund

FROM base AS build
# Nothing here needs an install script; that of the package `node` would fetch what the base image has.
RUN npm ci --ignore-scripts --workspace=nestjs-js-runtime --include-workspace-root --no-audit --no-fund
COPY nest-cli.json tsconfig.json ./
COPY src/ src/
COPY libs/ libs/
RUN npm run build

FROM node:26.10.0-trixie-slim
# Process 1. Node could be it, but the kernel does not let process 1 end by a signal that it does not handle yet, as while it
# starts; nor does Node reap what others leave to process 1.
RUN apt-get update && apt-get install --yes --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
# Of util-linux: what a VM process may, and that none outlives the backend. Without them the backend only warns.
RUN setpriv --version && prlimit --version

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="JS Runtime" \
      org.opencontainers.image.description="Runs the JavaScript of many tenants in pooled V8 isolates, one per process" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=production-dependencies /app/package.json ./
COPY --from=production-dependencies /app/node_modules/ node_modules/
COPY --from=production-dependencies /app/libs/js-runtime/ libs/js-runtime/
COPY --from=build /app/libs/js-runtime/dist/ libs/js-runtime/dist/
COPY --from=build /app/dist/ dist/

# A number, so that Kubernetes can tell that it is not root; nobody's, so that VM processes can signal nothing but the backend.
# All files are root's: nothing here has to be written, and /tmp and HOME are not needed.
USER 10001:10001
EXPOSE 3000
# For engines that look at it; Kubernetes has probes. Not readiness: what is full or draining is healthy.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# The backend ends with 0 by itself; 143 is an end by SIGTERM before it listens for that, which is in order, too.
ENTRYPOINT ["tini", "-e", "143", "--"]
CMD ["node", "dist/main.js"]
