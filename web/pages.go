package web

// Types are the pages: the name of the template's file and the type of its
// data. A test checks every template against its type.
func Types() map[string]any {
	return map[string]any{
		"error":        ErrorPage{},
		"pending":      PendingPage{},
		"notification": NotificationPage{},
		"sign_in":      SignInPage{},

		"live":       LivePage{},
		"calls":      CallsPage{},
		"call":       CallPage{},
		"webhooks":   WebhooksPage{},
		"webhook":    WebhookPage{},
		"unrouted":   UnroutedPage{},
		"sources":    SourcesPage{},
		"kinds":      KindsPage{},
		"source":     SourcePage{},
		"source_new": NewSourcePage{},

		"account":        AccountPage{},
		"administrators": AdministratorsPage{},
		"administrator":  AdministratorPage{},
		"audit":          AuditPage{},
		"users":          UsersPage{},
		"user":           UserPage{},
		"people":         PeoplePage{},
		"groups":         GroupsPage{},
		"group":          GroupPage{},

		"overview":       OverviewPage{},
		"rules":          RulesPage{},
		"rule":           RulePage{},
		"rules_text":     RulesTextPage{},
		"rules_versions": RuleVersionsPage{},
		"rules_version":  RuleVersionPage{},
		"rules_try":      RuleTryPage{},
		"contacts":       ContactsPage{},
		"contact":        ContactPage{},
		"import":         ImportPage{},
	}
}

// ErrorPage says what went wrong.
type ErrorPage struct {
	Frame
	Status    int
	Detail    string
	RequestID string
	Back      string
}
