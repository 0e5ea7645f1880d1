package bsltest

// SecureBeforeTimeout gives the World a HTTPСоединение whose constructor takes
// its last two arguments the other way round, first whether the connection is
// secure and then the timeout, as some builds of 8.2 are said to. A number in
// the place of the first is true. known says whether the object tells its
// timeout. Before the first call.
func (w *World) SecureBeforeTimeout(known bool) {
	t := *w.reg.types["httpсоединение"].Type
	made := t.New
	t.New = func(c *Call) any {
		swapped := *c
		swapped.Args = append([]any{}, c.Args...)
		for len(swapped.Args) < 7 {
			swapped.Args = append(swapped.Args, skipped)
		}
		swapped.Args[5], swapped.Args[6] = swapped.Args[6], swapped.Args[5]
		if n, ok := swapped.Args[6].(Num); ok {
			swapped.Args[6] = n.sign() != 0
		}
		return made(&swapped)
	}
	t.Max = 7
	if !known {
		var props []Property
		for _, p := range t.Properties {
			if firstName(p.Names) != "Таймаут" {
				props = append(props, p)
			}
		}
		t.Properties = props
	}
	w.Add(Host{Types: []*Type{&t}})
}
