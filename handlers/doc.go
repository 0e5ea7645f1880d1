// Package handlers is the HTTP surface: what PBXs, clients, the CRM's server
// and the administrator reach. A handler reads its request, calls one use case
// (the interfaces of ports.go) and answers; it holds no rules of its own.
//
// routes.go lists every address. errors.go is the only place that turns an
// error into a response, decode.go the only one that reads a body, and
// middleware.go says who calls. The shapes of requests and answers are those
// of openapi.yaml; none of them is a domain type, so that a new column never
// shows up in an answer by itself.
package handlers
