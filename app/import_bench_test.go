package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"zummer/models"
	"zummer/models/store/storetest"
)

// importedContacts is the size of BenchmarkImport: what a company of some
// hundred employees has.
const importedContacts = 100_000

// BenchmarkImport is one import of 100,000 contacts into an empty database, the
// reading of the lines and the commits included. s/import is reported; run it
// with -benchtime=1x.
func BenchmarkImport(b *testing.B) {
	lines := contactLines(importedContacts)
	for name, dsn := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			p, err := open(b.Context(), Database{Database: dsn(b), DBPool: 16}, benchConfig(), slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer p.close()
			for _, pass := range []string{"new", "again", "full"} {
				b.Run(pass, func(b *testing.B) {
					for b.Loop() {
						r, err := p.setup.ImportContacts(b.Context(), models.Actor{Who: "bench"}, bytes.NewReader(lines), pass == "full", nil)
						if err != nil || r.Stored != importedContacts {
							b.Fatalf("%+v, %v", r, err)
						}
					}
					b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/import")
				})
			}
		})
	}
}

// contactLines is an export as a CRM writes it: two numbers, a client and an
// interest in each line.
func contactLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"external_id":"c%d","name":"Клиент %d","phones":["8 (903) %03d-%02d-%02d","+7495%07d"],"responsible":"u%d","seq":%d,`+
			`"client":{"type":"Справочник","name":"Контрагенты","uid":"51012ccc-397d-11de-b595-%012x"},`+
			`"interests":[{"type":"Документ","name":"Интерес","uid":"8c1f3a52-64ab-11ee-a2b1-%012x","title":"Интерес %d"}]}`+"\n",
			i, i, i/10_000%1000, i/100%100, i%100, i, i%300, i, i, i, i)
	}
	return b.Bytes()
}
