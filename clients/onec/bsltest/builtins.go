package bsltest

// builtins is everything of the platform that this package knows, one Host an
// idea. Adding one more object to the language is one Type in such a Host.
func builtins() []Host {
	return []Host{
		basicTypes(), conversions(), mathematics(), stringFunctions(), newStringFunctions(), dateFunctions(), errorFunctions(), miscFunctions(),
		structureHost(), mapHost(), arrayHost(), valueListHost(), tableHost(), callbackHost(), binaryHost(),
		enumHost(), screenHost(), formHost(), idleHost(), logHost(), sessionHost(),
		httpTypes(), comHost(), xmlHost(), xmlWriterHost(), jsonHost(),
		metadataHost(), refHost(), registerHost(), queryHost(), jobHost(), systemHost(), processorHost(), scheduleHost(), hashHost(),
	}
}

// get makes a read-only property of an object of Go type T.
func get[T any](names string, read func(T) any) Property {
	return Property{Names: names, Get: func(c *Call) any { return read(this[T](c)) }}
}

// getSet makes a property that can be assigned.
func getSet[T any](names string, read func(T) any, write func(T, any)) Property {
	return Property{Names: names, Get: func(c *Call) any { return read(this[T](c)) }, Set: func(c *Call, v any) { write(this[T](c), v) }}
}
