package setup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"time"

	"zummer/models"
)

// Bounds of an import.
const (
	maxLine      = 16 << 10
	importBatch  = 500
	importErrors = 100
	removalPage  = 5000
	maxErrorText = 200 // characters of one message
)

// ImportContacts stores one contact a line, in transactions of 500. A bad line
// is reported, the others are stored; empty lines count for nothing. An import
// that broke off may be sent again from its start. full removes the contacts
// that no line named and that nobody stored since the import began, unless a
// line was bad or there was none. The report is right also beside an error.
// progress is told after every transaction how far it is; nil: nobody.
func (s *Setup) ImportContacts(ctx context.Context, by models.Actor, r io.Reader, full bool, progress func(models.ImportReport)) (models.ImportReport, error) {
	return s.ImportLines(ctx, by, r, full, progress, nil)
}

// ImportLines is ImportContacts that also tells of every refused line, beyond
// those of the report, and (with Stored) of lines that are stored without what
// was not understood; refused nil: nobody is told.
func (s *Setup) ImportLines(ctx context.Context, by models.Actor, r io.Reader, full bool, progress func(models.ImportReport), refused func(models.ImportError)) (models.ImportReport, error) {
	im := &importing{s: s, by: by, full: full, progress: progress, refused: refused, seed: maphash.MakeSeed(), named: map[uint64]struct{}{}}
	err := s.writeContacts(ctx, func(_ Tx, now time.Time) error {
		im.began = now
		return errUnchanged
	})
	if err != nil {
		return im.report, err
	}
	if err := im.read(ctx, r); err != nil {
		return im.report, err
	}
	if full && im.report.Failed == 0 && im.report.Lines > 0 {
		if err := im.removeUnnamed(ctx); err != nil {
			return im.report, err
		}
	}
	return im.report, nil
}

// importing is one ImportContacts.
type importing struct {
	s        *Setup
	by       models.Actor
	full     bool
	began    time.Time
	progress func(models.ImportReport)
	refused  func(models.ImportError)
	batch    []*models.Contact
	at       map[string]int // external id → index in batch
	report   models.ImportReport
	entry    models.AuditEntry // one for the whole, brought up to date by every transaction

	// named holds a hash of every external id that a line named. Two ids with
	// one hash would at worst leave a contact that should go.
	seed  maphash.Seed
	named map[uint64]struct{}
}

func (im *importing) read(ctx context.Context, r io.Reader) error {
	br := bufio.NewReaderSize(r, maxLine+2) // a line of 16 KiB and its CR LF
	for number := 1; ; number++ {
		line, tooLong, err := readLine(br)
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if line = bytes.TrimSpace(line); len(line) > 0 || tooLong {
			im.report.Lines++
			if tooLong || len(line) > maxLine {
				im.refuse(number, models.Errorf(models.TooLarge, "longer than %d bytes", maxLine))
			} else if err := im.add(number, line); err != nil {
				im.refuse(number, err)
			}
		}
		if len(im.batch) >= importBatch || err != nil {
			if err := im.flush(ctx); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &models.Error{Kind: models.Malformed, Code: "cut_off", Message: fmt.Sprintf("the lines broke off after line %d", number-1), Cause: err}
		}
	}
}

// readLine reads up to the next LF. Of a line that is too long only that is
// told. err is that of the reader; what was read before it counts only at EOF.
func readLine(br *bufio.Reader) (line []byte, tooLong bool, err error) {
	line, err = br.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		line, err = br.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	if tooLong {
		line = nil
	}
	return line, tooLong, err
}

func (im *importing) refuse(line int, err error) {
	im.report.Failed++
	if im.refused == nil && len(im.report.Errors) >= importErrors {
		return
	}
	msg := "is no contact"
	if e, ok := errors.AsType[*models.Error](err); ok {
		msg = e.Message
	}
	told := models.ImportError{Line: line, Message: models.CutText(msg, maxErrorText)}
	if len(im.report.Errors) < importErrors {
		im.report.Errors = append(im.report.Errors, told)
	}
	if im.refused != nil {
		im.refused(told)
	}
}

// note tells of a line that is stored without a part of it, or with one that
// serves nothing.
func (im *importing) note(line int, message string) {
	if im.refused != nil {
		im.refused(models.ImportError{Line: line, Message: message, Stored: true})
	}
}

func (im *importing) add(number int, line []byte) error {
	in, err := readContact(line)
	if err != nil {
		return err
	}
	c, unread, err := im.s.contact(in)
	if err != nil {
		return err
	}
	if unread > 0 {
		im.report.Unread += unread
		im.note(number, fmt.Sprintf("stored, but numbers were not understood: %d", unread))
	}
	if slices.ContainsFunc(c.Interests, func(o models.Object) bool { return o.Link == "" && o.URL == "" }) {
		im.note(number, "stored, but an interest of it cannot be opened: it needs interest_type, interest_name and interest_uid, or interest_link, or interest_url")
	}
	if im.full {
		im.named[im.hash(c.ExternalID)] = struct{}{}
	}
	if i, twice := im.at[c.ExternalID]; twice {
		im.report.Ignored++
		if c.Seq >= im.batch[i].Seq {
			im.batch[i] = c
		}
		return nil
	}
	if im.at == nil {
		im.at = map[string]int{}
	}
	im.at[c.ExternalID] = len(im.batch)
	im.batch = append(im.batch, c)
	return nil
}

func (im *importing) flush(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	err := im.write(ctx, func(tx Tx, now time.Time, report *models.ImportReport) error {
		ok, err := tx.SaveContacts(ctx, now, im.batch)
		for _, stored := range ok {
			if stored {
				report.Stored++
			} else {
				report.Ignored++
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store %d contacts: %w", len(im.batch), err)
	}
	im.batch, im.at = im.batch[:0], nil
	return nil
}

// removeUnnamed walks all external ids page by page.
func (im *importing) removeUnnamed(ctx context.Context) error {
	after := ""
	for {
		ids, err := im.s.opt.Store.ContactIDs(ctx, after, removalPage)
		if err != nil {
			return fmt.Errorf("list contacts: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		after = ids[len(ids)-1]
		var gone []string
		for _, id := range ids {
			if _, ok := im.named[im.hash(id)]; !ok {
				gone = append(gone, id)
			}
		}
		for len(gone) > 0 {
			n := min(len(gone), importBatch)
			if err := im.remove(ctx, gone[:n]); err != nil {
				return err
			}
			gone = gone[n:]
		}
	}
}

func (im *importing) remove(ctx context.Context, ids []string) error {
	err := im.write(ctx, func(tx Tx, _ time.Time, report *models.ImportReport) error {
		n, err := tx.DeleteContacts(ctx, ids, im.began)
		report.Removed += n
		return err
	})
	if err != nil {
		return fmt.Errorf("remove %d contacts: %w", len(ids), err)
	}
	return nil
}

// write runs fn, which brings report up to date, and the audit row with it.
func (im *importing) write(ctx context.Context, fn func(tx Tx, now time.Time, report *models.ImportReport) error) error {
	var report models.ImportReport
	var entry models.AuditEntry
	err := im.s.writeContacts(ctx, func(tx Tx, now time.Time) error {
		report, entry = im.report, models.AuditEntry{}
		if err := fn(tx, now, &report); err != nil {
			return err
		}
		if report.Stored == im.report.Stored && report.Removed == im.report.Removed {
			return errUnchanged
		}
		entry = *auditEntry(im.by, "contacts.import", "", fmt.Sprintf("%d stored, %d removed", report.Stored, report.Removed))
		entry.ID = im.entry.ID
		return tx.SaveAudit(ctx, now, &entry)
	})
	if err != nil {
		return err
	}
	im.report = report
	if im.progress != nil {
		im.progress(report)
	}
	if entry.ID != 0 {
		im.entry = entry
	}
	return nil
}

func (im *importing) hash(id string) uint64 { return maphash.String(im.seed, id) }
