# racebench and a shell, for probes of an image of your own (docs/ci.md):
#   COPY --from=racebench /usr/local/bin/racebench /usr/local/bin/
# Linux only. VERSION is what `racebench version` says.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS=linux TARGETARCH VERSION=
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags "-s -w -X main.release=$VERSION" -o /racebench ./cmd/racebench

FROM busybox:stable-musl
COPY --from=build /racebench /usr/local/bin/racebench
RUN mkdir -p /home/racebench && chown 65534:65534 /home/racebench
USER 65534:65534
WORKDIR /home/racebench
ENV HOME=/home/racebench
ENTRYPOINT ["racebench"]
