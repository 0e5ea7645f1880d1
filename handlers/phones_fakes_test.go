package handlers

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// echoAPI is a surface with the API behind it.
type echoAPI struct {
	e *echo.Echo
	a *API
}

func (f *setupFakes) SearchCalls(_ context.Context, q models.CallSearch) (models.CallsFound, error) {
	f.queries = append(f.queries, q)
	if f.found != nil {
		return f.found(q), f.err
	}
	k := exampleCall()
	if q.State == models.CallsLive {
		k.State, k.EndedAt, k.Legs[0].State, k.Legs[0].EndedAt = models.Answered, time.Time{}, models.Answered, time.Time{}
		return models.CallsFound{Calls: []models.Call{k}}, f.err
	}
	return models.CallsFound{Calls: []models.Call{k}, Next: "s9", Back: at().Add(-time.Hour)}, f.err
}

func (f *setupFakes) CallTimeline(_ context.Context, call int64) ([]models.Step, error) {
	if f.steps != nil {
		return f.steps, f.err
	}
	return []models.Step{
		{What: models.StepStored, NotificationID: 1042, UserID: 1, Rev: 1, Kind: models.KindRinging, CallID: call, WebhookID: 7, Rule: "ringing", Reason: "the extension rings", At: at()},
		{What: models.StepDelivered, NotificationID: 1042, UserID: 1, Rev: 1, Session: "desk", After: 41 * time.Millisecond, At: at()},
		{What: models.StepUnrouted, CallID: call, Reason: "no user owns this extension: 105", At: at()},
	}, f.err
}

func (f *setupFakes) SourceHealth(context.Context, time.Time) (map[int64]models.SourceHealth, error) {
	return map[int64]models.SourceHealth{5: {Webhooks: 40, Failed: 10, Last: at()}, 7: {Last: at()}}, f.err
}
