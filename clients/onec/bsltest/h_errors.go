package bsltest

// errorInfo is ИнформацияОбОшибке.
type errorInfo struct{ e *Exception }

func (*errorInfo) TypeName() string { return "ИнформацияОбОшибке" }

func (i *errorInfo) String() string { return i.e.Text }

func (i *errorInfo) cross(*World) any { return i }

func caught(c *Call) *Exception {
	if c.f != nil && c.f.caught != nil {
		return c.f.caught
	}
	return &Exception{}
}

func errorFunctions() Host {
	cause := func(i *errorInfo) any {
		if i.e.Cause == nil {
			return Undefined
		}
		return &errorInfo{i.e.Cause}
	}
	return Host{
		Functions: []Function{
			{Names: "ОписаниеОшибки ErrorDescription", Do: func(c *Call) any { return caught(c).Error() }},
			{Names: "ИнформацияОбОшибке ErrorInfo", Do: func(c *Call) any { return &errorInfo{caught(c)} }},
			{Names: "КраткоеПредставлениеОшибки BriefErrorDescription", Min: 1, Do: func(c *Call) any { return arg[*errorInfo](c, 0).e.Text }},
			{Names: "ПодробноеПредставлениеОшибки DetailErrorDescription", Min: 1, Do: func(c *Call) any { return arg[*errorInfo](c, 0).e.Error() }},
		},
		Types: []*Type{
			{Names: "ИнформацияОбОшибке ErrorInfo", Properties: []Property{
				get("Описание Description", func(i *errorInfo) any { return i.e.Text }),
				get("ИмяМодуля ModuleName", func(i *errorInfo) any { return i.e.Module }),
				get("НомерСтроки LineNumber", func(i *errorInfo) any { return count(i.e.Line) }),
				get("ИсходнаяСтрока SourceLine", func(i *errorInfo) any { return "" }),
				get("Причина Cause", cause),
			}},
			{Names: "МенеджерОбработкиОшибок ErrorProcessingManager", Since: "8.3.17", Methods: []Function{
				{Names: "КраткоеПредставлениеОшибки BriefErrorDescription", Min: 1, Do: func(c *Call) any { return arg[*errorInfo](c, 0).e.Text }},
				{Names: "ПодробноеПредставлениеОшибки DetailErrorDescription", Min: 1, Do: func(c *Call) any { return arg[*errorInfo](c, 0).e.Error() }},
				{Names: "СообщениеОбОшибкеДляПользователя ErrorMessageForUser", Min: 1, Max: 2, Do: func(c *Call) any { return arg[*errorInfo](c, 0).e.Text }},
			}},
		},
		Properties: []Property{{Names: "ОбработкаОшибок ErrorProcessing", Since: "8.3.17", Get: func(*Call) any { return &errorManager{} }}},
	}
}

type errorManager struct{}

func (*errorManager) TypeName() string { return "МенеджерОбработкиОшибок" }

// logHost is the event log.
func logHost() Host {
	return Host{Functions: []Function{
		{Names: "ЗаписьЖурналаРегистрации WriteLogEvent", Since: "=server,thick", Min: 1, Max: 6, Procedure: true, Do: func(c *Call) any {
			level := "Информация"
			if c.Given(1) {
				level = arg[*EnumValue](c, 1).Name
			}
			c.W.Log = append(c.W.Log, LogEntry{Event: c.Str(0), Level: level, Comment: c.Str(4), Server: c.f.here() == Server, At: c.W.now})
			return nil
		}},
	}}
}
