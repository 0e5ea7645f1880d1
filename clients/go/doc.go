// Package zummer is the Go client of the service: it waits for a user's
// notifications, says what became of them, publishes, and sets the service up.
// It needs the standard library only.
//
// [Client.Run] is a whole client: it keeps the picture of what is pending,
// calls the handler once for each revision that this session shall open, and
// acknowledges it with the next poll.
//
//	c := &zummer.Client{URL: "https://crm.example:8080", Token: token}
//	err := c.Run(ctx, zummer.Handler{
//		Open: func(ctx context.Context, n zummer.Notification) zummer.Outcome { … return zummer.Opened },
//		Show: func(p zummer.Picture) { … },
//	})
//
// [Client.Poll], [Client.Ack] and [Client.Claim] are the single calls beneath
// it, [Client.Publish] makes notifications, [Client.Admin] has the set-up side,
// and [Verify] checks the signature of a webhook.
//
// docs/clients/go.md has a tour, docs/clients/http.md the rules that a client
// keeps.
package zummer
