package bsltest

import (
	"crypto/md5" //nolint:gosec // what the platform offers, not what is safe
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"strings"
)

// Scheduled is a scheduled job of the configuration.
type Scheduled struct {
	Name       string
	Use        bool
	RepeatS    int // ПериодПовтораВТечениеДня
	schedule   *schedule
	registered bool
}

// Schedule declares a scheduled job, as the configuration has it.
func (w *World) Schedule(name string) *Scheduled {
	s := &Scheduled{Name: name, schedule: &schedule{data: newStructure()}}
	w.secrets[scheduledJobs] = append(w.jobsScheduled(), s)
	return s
}

func (w *World) jobsScheduled() []*Scheduled {
	all, _ := w.secrets[scheduledJobs].([]*Scheduled)
	return all
}

type (
	scheduleManager struct{}
	schedule        struct{ data *structure }
)

func (*scheduleManager) TypeName() string { return "МенеджерРегламентныхЗаданий" }
func (*Scheduled) TypeName() string       { return "РегламентноеЗадание" }
func (*schedule) TypeName() string        { return "РасписаниеРегламентногоЗадания" }

var scheduleFields = []string{"ПериодПовтораДней", "ПериодПовтораВТечениеДня", "ВремяНачала", "ВремяКонца", "ПаузаПовтора"}

func (s *schedule) Field(_ *Call, name string) (any, bool) {
	v, ok := s.data.data[strings.ToLower(name)]
	return v, ok
}

func (s *schedule) SetField(_ *Call, name string, v any) bool {
	for _, f := range scheduleFields {
		if strings.EqualFold(f, name) {
			s.data.set(f, v)
			return true
		}
	}
	return false
}

func scheduledHost() Host {
	const since = "=server,ordinary"
	return Host{
		Properties: []Property{{Names: "РегламентныеЗадания ScheduledJobs", Since: since, Get: func(*Call) any { return &scheduleManager{} }}},
		Types: []*Type{
			{Names: "МенеджерРегламентныхЗаданий ScheduledJobsManager", Since: since, Methods: []Function{{Names: "НайтиПредопределенное FindPredefined", Min: 1, Do: func(c *Call) any {
				for _, s := range c.W.jobsScheduled() {
					if strings.EqualFold(s.Name, c.Str(0)) {
						return s
					}
				}
				throw("Регламентное задание не обнаружено (%s)", c.Str(0))
				return nil
			}}}},
			{Names: "РегламентноеЗадание ScheduledJob", Since: since, Properties: []Property{
				getSet("Использование Use", func(s *Scheduled) any { return s.Use }, func(s *Scheduled, v any) { s.Use = truth(v) }),
				getSet("Расписание Schedule", func(s *Scheduled) any { return s.schedule }, func(s *Scheduled, v any) { s.schedule = v.(*schedule) }),
			}, Methods: []Function{{Names: "Записать Write", Procedure: true, Do: func(c *Call) any {
				s := this[*Scheduled](c)
				if v, ok := s.schedule.Field(c, "ПериодПовтораВТечениеДня"); ok {
					s.RepeatS = number(v).int()
				}
				s.registered = true
				return nil
			}}}},
			{Names: "РасписаниеРегламентногоЗадания JobSchedule", New: func(*Call) any { return &schedule{data: newStructure()} }},
		},
	}
}

// hashing is ХешированиеДанных, valueStorage is ХранилищеЗначения.
type (
	hashing      struct{ h hash.Hash }
	valueStorage struct{ v any }
)

func (*hashing) TypeName() string      { return "ХешированиеДанных" }
func (*valueStorage) TypeName() string { return "ХранилищеЗначения" }

// hashText is how the platform prints binary data: bytes in hexadecimal with
// spaces between.
type hashText struct{ b []byte }

func (*hashText) TypeName() string { return "ДвоичныеДанные" }
func (h *hashText) String() string { return strings.ToUpper(strings.TrimSpace(fmt.Sprintf("% x", h.b))) }

func hashHost() Host {
	functions := &enum{"ХешФункция", map[string]*EnumValue{}}
	for _, n := range []string{"MD5", "SHA256", "CRC32"} {
		functions.values[strings.ToLower(n)] = &EnumValue{"ХешФункция", n}
	}
	return Host{
		Properties: []Property{{Names: "ХешФункция HashFunction", Since: "-thin -web", Get: func(*Call) any { return functions }}},
		Types: []*Type{
			{Names: "ХешФункция HashFunction"},
			{Names: "ХешированиеДанных DataHashing", Since: "-thin -web", Min: 1, Max: 1, New: func(c *Call) any {
				switch arg[*EnumValue](c, 0).Name {
				case "SHA256":
					return &hashing{sha256.New()}
				case "MD5":
					return &hashing{md5.New()} //nolint:gosec // as above
				}
				return &hashing{crc32.NewIEEE()}
			}, Properties: []Property{get("ХешСумма HashSum", func(h *hashing) any { return &hashText{h.h.Sum(nil)} })},
				Methods: []Function{{Names: "Добавить Append", Min: 1, Procedure: true, Do: func(c *Call) any {
					_, _ = this[*hashing](c).h.Write([]byte(c.Str(0)))
					return nil
				}}}},
			{Names: "ХранилищеЗначения ValueStorage", Since: "-thin -web", Min: 1, Max: 2, New: func(c *Call) any { return &valueStorage{c.Arg(0)} },
				Methods: []Function{{Names: "Получить Get", Do: func(c *Call) any { return this[*valueStorage](c).v }}}},
		},
	}
}

// StoredValue is what a ХранилищеЗначения holds, as a Go value.
func StoredValue(v any) any {
	if s, ok := v.(*valueStorage); ok {
		return Go(s.v)
	}
	return v
}
