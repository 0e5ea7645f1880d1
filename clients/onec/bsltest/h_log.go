package bsltest

// logHost is the event log.
func logHost() Host {
	return Host{Functions: []Function{
		{Names: "ЗаписьЖурналаРегистрации WriteLogEvent", Since: "=server,thick", Min: 1, Max: 6, Procedure: true, Do: func(c *Call) any {
			level := "Информация"
			if e, ok := c.Arg(1).(*EnumValue); ok {
				level = e.Name
			}
			c.W.Log = append(c.W.Log, LogEntry{Event: c.Str(0), Level: level, Comment: c.Str(4), Server: c.f.here() == Server, At: c.W.now})
			return nil
		}},
	}}
}
