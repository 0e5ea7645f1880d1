package bsltest

import "strings"

// enumHost are the system enumerations that programs here name.
func enumHost() Host {
	var h Host
	add := func(names, since string, values ...string) {
		ru := firstName(names)
		e := &enum{ru, map[string]*EnumValue{}}
		for _, v := range values {
			all := strings.Fields(v)
			value := &EnumValue{ru, all[0]}
			for _, n := range all {
				e.values[fold(n)] = value
			}
		}
		h.Properties = append(h.Properties, Property{Names: names, Since: since, Get: func(*Call) any { return e }})
		h.Types = append(h.Types, &Type{Names: names, Since: since})
	}
	add("СтатусОповещенияПользователя UserNotificationStatus", "8.3.11 =client", "Важное Important", "Информация Information")
	add("ТипУзлаXML XMLNodeType", "-web", "НачалоЭлемента StartElement", "КонецЭлемента EndElement", "Текст Text", "Комментарий Comment", "Ничего None",
		"ОбъявлениеXML XMLDeclaration", "ИнструкцияОбработки ProcessingInstruction", "СекцияCDATA CDATASection")
	add("УровеньЖурналаРегистрации EventLogLevel", "", "Ошибка Error", "Предупреждение Warning", "Информация Information", "Примечание Note")
	add("НаправлениеПоиска SearchDirection", "8.3.6", "СНачала FromBegin", "СКонца FromEnd")
	add("СпособКодированияСтроки StringEncodingMethod", "8.3.5 -thin -web", "КодировкаURL URLEncoding", "URLВКодировкеURL URLInURLEncoding")
	add("КодировкаТекста TextEncoding", "", "UTF8", "ANSI", "OEM", "UTF16", "Системная System")
	add("ИспользованиеByteOrderMark ByteOrderMarkUse", "8.3.6 -web", "Авто Auto", "Использовать Use", "НеИспользовать DontUse")
	add("РежимДиалогаВопрос QuestionDialogMode", "=client", "ДаНет YesNo", "ДаНетОтмена YesNoCancel", "ОК OK", "ОКОтмена OKCancel")
	add("КодВозвратаДиалога DialogReturnCode", "=client", "Да Yes", "Нет No", "ОК OK", "Отмена Cancel", "Таймаут Timeout")
	add("РежимОткрытияОкнаФормы FormWindowOpeningMode", "8.3.3", "Независимый Independent", "БлокироватьОкноВладельца LockOwnerWindow", "БлокироватьВесьИнтерфейс LockWholeInterface")
	add("СтатусСообщения MessageStatus", "", "БезСтатуса WithoutStatus", "Важное Important", "Обычное Ordinary", "Информация Information", "Внимание Attention", "ОченьВажное VeryImportant")
	add("СостояниеФоновогоЗадания BackgroundJobState", "-thin -web", "Активно Active", "Завершено Completed", "ЗавершеноАварийно Failed", "Отменено Canceled")
	add("ПереносСтрокJSON JSONLineBreak", "8.3.6 -web", "Нет None", "Авто Auto", "Unix", "Windows")
	add("ФорматДатыJSON JSONDateFormat", "8.3.6 -web", "ISO", "JavaScript", "Microsoft")
	add("ЭкранированиеСимволовJSON JSONCharactersEscapeMode", "8.3.6 -web", "Нет None", "СимволыВнеASCII NotASCIISymbols", "СимволыВнеBMP SymbolsNotInBMP")
	add("РежимОкругления RoundMode", "", "Окр15как20 Round15as20", "Окр15как10 Round15as10")
	add("ВидСравнения ComparisonType", "", "Равно Equal", "НеРавно NotEqual")
	add("РежимЗаписиДокумента DocumentWriteMode", "", "Запись Write", "Проведение Posting")
	add("КатегорияОшибки ErrorCategory", "8.3.17", "ВсеОшибки AllErrors", "ПрочаяОшибка OtherError", "ОшибкаСети NetworkError", "НарушениеПравДоступа AccessViolation", "ОшибкаХранимыхДанных StoredDataError")
	add("ХешФункция HashFunction", "-thin -web", "MD5", "SHA1", "SHA256", "CRC32")
	add("ТипПлатформы PlatformType", "", "Linux_x86", "Linux_x86_64", "Windows_x86", "Windows_x86_64", "MacOS_x86_64")
	h.Types = append(h.Types, &Type{Names: "Перечисление_системное"})
	return h
}

// enum is a system enumeration as a value.
type enum struct {
	name   string
	values map[string]*EnumValue
}

func (*enum) TypeName() string { return "Перечисление_системное" }

func (e *enum) Field(_ *Call, name string) (any, bool) {
	v, ok := e.values[fold(name)]
	return v, ok
}

// enumOf finds a value of a system enumeration by its Russian names.
func (w *World) enumOf(name, value string) any {
	p, ok := w.reg.props[fold(name)]
	if !ok {
		return Undefined
	}
	v, ok := p.Get(&Call{W: w}).(*enum).Field(nil, value)
	if !ok {
		return Undefined
	}
	return v
}
