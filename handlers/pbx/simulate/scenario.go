package simulate

import (
	"cmp"
	"fmt"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// Scenario is one story a telephone system can tell.
type Scenario struct {
	Name        string
	Description pbx.Text
	play        func(*story)
}

// Params says who takes part. Every field may be left at its zero value.
type Params struct {
	Extensions []string  // who rings, in order; none: 101, 102, 103. Fewer than a story needs take several parts
	Nameless   []string  // addresses of somebody without an extension; none: login:sidorov, id:8412, tel:+79990000103, sip:sidorov@pbx.example
	Phone      string    // the customer; "": +79031234567
	Name       string    // the caller's name as the PBX has it; may be ""
	DID        string    // the dialled number of the company; "": +74951234567
	CallID     string    // key of the call, unique per source; "": made of Start
	Start      time.Time // when it begins; zero: the events are undated
}

// Step is what happens at one moment: wait After, then tell Event.
type Step struct {
	After time.Duration
	Event models.Event
	Note  Note
}

// Note is what some systems tell of a step beside its event.
type Note string

// The notes.
const (
	Blind      Note = "blind"      // the transfer is made without asking
	Attended   Note = "attended"   // the two colleagues talked first
	Returned   Note = "returned"   // the transferred call comes back to who transferred it
	FromQueue  Note = "queue"      // the phone is rung by a queue
	Click      Note = "click"      // an outgoing call that the CRM ordered: the PBX rings the manager first
	Callback   Note = "callback"   // an outgoing call that the PBX makes of itself, to a customer who asked for it
	Internally Note = "internally" // between colleagues
	Taped      Note = "taped"      // the talk is recorded; where to, some systems say at its end and not later
)

// Build makes the steps of one run. Events carry an id and a number in their
// call, so the same Params make the same events.
func (s Scenario) Build(p Params) []Step {
	if len(p.Extensions) == 0 {
		p.Extensions = []string{"101", "102", "103"}
	}
	if len(p.Nameless) == 0 {
		p.Nameless = []string{"login:sidorov", "id:8412", "tel:+79990000103", "sip:sidorov@pbx.example"}
	}
	p.Phone, p.DID = cmp.Or(p.Phone, "+79031234567"), cmp.Or(p.DID, "+74951234567")
	if p.CallID == "" {
		p.CallID = "sim-" + fmt.Sprint(max(p.Start.UnixMilli(), 0))
	}
	st := &story{Params: p, direction: models.In, clock: p.Start}
	s.play(st)
	return st.steps
}

// Lookup finds a scenario by its name.
func Lookup(name string) (Scenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// Mixed is the scenario that plays all the others.
const Mixed = "mixed"

// Scenarios lists all stories. Every kind of source shares them.
func Scenarios() []Scenario {
	return []Scenario{
		{"direct", pbx.Text{RU: "звонок одному сотруднику, он отвечает", EN: "a call to one person, who answers"}, direct},
		{"missed", pbx.Text{RU: "никто не отвечает, АТС кладёт трубку", EN: "nobody answers, the PBX gives up"}, missed},
		{"abandoned", pbx.Text{RU: "клиент кладёт трубку, не дождавшись ответа", EN: "the caller gives up while it rings"}, abandoned},
		{"group", pbx.Text{RU: "звонит вся группа, отвечает один", EN: "the whole group rings, one answers"}, group},
		{"transfer", pbx.Text{RU: "первый отвечает и сразу переводит звонок второму", EN: "the first answers and transfers blindly to the second"}, transfer},
		{"consult", pbx.Text{RU: "первый советуется со вторым и переводит звонок ему", EN: "the first consults the second, then transfers to them"}, consult},
		{"back", pbx.Text{RU: "переведённый звонок никто не взял, он возвращается", EN: "nobody takes the transferred call and it comes back"}, back},
		{"queue", pbx.Text{RU: "очередь: первый круг без ответа, второй звонит тем же", EN: "a queue: nobody in the first round, the same phones in the second"}, queue},
		{"internal", pbx.Text{RU: "внутренний звонок двух сотрудников", EN: "an internal call between two people"}, internal},
		{"outgoing", pbx.Text{RU: "исходящий звонок, клиент отвечает", EN: "an outgoing call that the customer answers"}, outgoing},
		{"click", pbx.Text{RU: "звонок по команде из CRM: сначала звонит телефон менеджера", EN: "a call ordered by the CRM: the manager's phone rings first"}, click},
		{"callback", pbx.Text{RU: "АТС сама перезванивает клиенту", EN: "the PBX calls a customer back by itself"}, callback},
		{"hidden", pbx.Text{RU: "номер клиента скрыт", EN: "the caller withholds the number"}, hidden},
		{"nameless", pbx.Text{RU: "отвечает сотрудник без внутреннего номера", EN: "somebody without an extension answers"}, nameless},
		{"repeat", pbx.Text{RU: "каждый запрос приходит дважды", EN: "every request arrives twice"}, repeat},
		{"early-end", pbx.Text{RU: "конец звонка приходит раньше ответа", EN: "the end arrives before the answer"}, earlyEnd},
		{"late", pbx.Text{RU: "отбой телефона приходит после конца звонка", EN: "a phone's hang-up arrives after the end of the call"}, late},
		{"recording", pbx.Text{RU: "после разговора приходит запись", EN: "a recording arrives after the talk"}, recording},
		{Mixed, pbx.Text{RU: "все остальные по очереди", EN: "all the others, one after another"}, mixed},
	}
}
