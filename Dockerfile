# docker build -t zummer .
# docker run -p 8080:8080 -v zummer:/data zummer
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Static: the program needs nothing of the image it runs in. The clone's .git
# gives `zummer version` its commit; without one it says devel.
RUN git config --global --add safe.directory /src && \
    CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /out/zummer . && \
    mkdir -p /out/data /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/zummer /zummer
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
ENV ZUMMER_LISTEN=0.0.0.0:8080 \
    ZUMMER_DATABASE=sqlite:/data/zummer.db
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 CMD ["/zummer", "healthcheck"]
ENTRYPOINT ["/zummer"]
CMD ["serve"]
