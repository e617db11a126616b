# Lamplighter as one process in a container: docs/deploy.md says how to run it.
# A tag can move. Build a release on a digest:
#   docker build --build-arg NODE_IMAGE=node:24-slim@sha256:<digest> .
# docs/deploy.md says how to look it up.
ARG NODE_IMAGE=node:24-slim
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY lamplighter.schema.json lamplighter.included.schema.json ./
COPY scripts ./scripts
COPY lib ./lib
# The command line as plain JavaScript, then only what it needs to run.
RUN npm run build && npm prune --omit=dev --omit=optional

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist/cli ./dist/cli
# So that `docker exec … lamplighter status` and `kubectl exec … -- lamplighter status` need no path.
RUN ln -s /app/dist/cli/lamplighter.js /usr/local/bin/lamplighter
ENV LAMPLIGHTER_CONFIG=/config/lamplighter.yml
# The image's own unprivileged user, node, owns the state and nothing else. By its number: Kubernetes' runAsNonRoot refuses a name.
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
# store: { kind: sqlite, path: /data/lamplighter.db }; the rest of the file system may be read-only.
VOLUME /data
EXPOSE 9090
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The process gets the signal itself: it ends the change it has begun and starts none.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/cli/lamplighter.js"]
CMD ["run", "--config", "/config/lamplighter.yml", "--listen", "0.0.0.0:9090"]
