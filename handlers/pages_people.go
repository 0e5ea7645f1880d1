package handlers

import "github.com/labstack/echo/v4"

// registerPeople puts the pages about people on the surface.
func (p *pages) registerPeople(add func(role, method, path string, h echo.HandlerFunc)) {
}
