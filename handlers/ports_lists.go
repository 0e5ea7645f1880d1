package handlers

import (
	"context"
	"io"
	"time"

	"zummer/models"
)

// ContactList reads contacts, page by page.
type ContactList interface {
	// Contacts lists them with their numbers: of a name by name, else the last
	// that was made first. Errors: Invalid for an unknown cursor.
	Contacts(ctx context.Context, q models.ContactQuery) ([]models.Contact, string, error)
	CountContacts(ctx context.Context) (int, error)
}

// ContactLines imports contacts.
type ContactLines interface {
	// ImportLines is ImportContacts that also tells of every refused line.
	ImportLines(ctx context.Context, by Actor, r io.Reader, full bool, progress func(models.ImportReport), refused func(models.ImportError)) (models.ImportReport, error)
}

// Overview reads how the service does.
type Overview interface {
	Overview(ctx context.Context, since time.Time) (models.Overview, error)
}
