# syntax=docker/dockerfile:1

# Built on the machine's own architecture for the one that is asked for: Go needs no emulation.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS=linux
ARG TARGETARCH=amd64
ARG VERSION=dev

WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -pgo=cmd/postern/pgo/default.pgo -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /image/postern ./cmd/postern

# The folders the program may write to: the embedded database is created in the
# working directory, and SQLite may want temporary files.
RUN install -d /image/data && install -d -m 1777 /image/tmp

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="Postern" \
      org.opencontainers.image.url="https://github.com/posternhq/postern" \
      org.opencontainers.image.documentation="https://github.com/posternhq/postern/blob/main/docs/containers.md" \
      org.opencontainers.image.description="Authentication in front of any HTTP application, compatible with better-auth" \
      org.opencontainers.image.source="https://github.com/posternhq/postern" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"

COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /image/data /data
COPY --from=build --chown=65532:65532 /image/tmp /tmp
COPY --from=build /image/postern /postern

# By number, so that Kubernetes can see that it is not root (runAsNonRoot).
USER 65532:65532
WORKDIR /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/postern", "healthcheck"]
ENTRYPOINT ["/postern"]
CMD ["serve"]
