# sselfie in a container: one static program, no shell, nobody's rights.
#
#   docker build -t sselfie .
#   docker run -p 8080:8080 -v sselfie:/data --env-file sselfie.env sselfie

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X sselfie/app.version=${VERSION}" -o /out/sselfie ./app/sselfie \
 && mkdir -p /out/root && mkdir -m 0700 /out/root/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/sselfie /sselfie
# The folder's own mode is kept only for what lies inside of what is copied.
COPY --from=build --chown=65532:65532 /out/root/ /
USER 65532:65532
ENV SSELFIE_ADDR=0.0.0.0:8080 \
    SSELFIE_DATA_DIR=/data \
    SSELFIE_LOG_FORMAT=json \
    TMPDIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/sselfie", "health"]
ENTRYPOINT ["/sselfie"]
CMD ["serve"]
