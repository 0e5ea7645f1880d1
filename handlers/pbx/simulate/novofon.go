package simulate

// novofonTongue speaks as the platform that the source is set to: 1 (Zadarma's
// protocol) or 2 (our templates, as UIS). What it cannot tell and loses is said
// of platform 1, the example's.
func novofonTongue() tongue {
	return tongue{
		kind: "novofon", undated: true, secret: "0123456789abcdef0123", settings: map[string]any{"platform": "1"},
		voice: func(to Target) voice {
			if to.setting("platform", "1") == "2" {
				return uisVoice(to)
			}
			return zadarmaVoice(to)
		},
		cannot: zadarmaCannot(),
		loses:  zadarmaLoses(),
	}
}
