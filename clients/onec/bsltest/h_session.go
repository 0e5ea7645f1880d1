package bsltest

import (
	"strings"
)

// User is a user of the infobase.
type User struct {
	UID, Name, FullName string
}

type userManager struct{}

type ibUser struct{ u User }

type storageManager struct{}

func (*userManager) TypeName() string {
	return "МенеджерПользователейИнформационнойБазы"
}
func (*ibUser) TypeName() string {
	return "ПользовательИнформационнойБазы"
}
func (*storageManager) TypeName() string { return "ХранилищеНастроекМенеджер" }

// SetSessionParameter gives a session parameter its value.
func (w *World) SetSessionParameter(name string, v any) { w.session.set(name, Value(v)) }

func sessionHost() Host {
	const server = "=server,thick"
	return Host{
		Properties: []Property{
			{Names: "ПараметрыСеанса SessionParameters", Since: server, Get: func(c *Call) any { return c.W.session }},
			{Names: "ПользователиИнформационнойБазы InfoBaseUsers", Since: server, Get: func(*Call) any { return &userManager{} }},
			{Names: "ХранилищеОбщихНастроек CommonSettingsStorage", Since: server, Get: func(*Call) any { return &storageManager{} }},
			{Names: "ХранилищеСистемныхНастроек SystemSettingsStorage", Since: server, Get: func(*Call) any { return &storageManager{} }},
		},
		Types: []*Type{
			{Names: "МенеджерПользователейИнформационнойБазы InfoBaseUsersManager", Since: server, Methods: []Function{
				{Names: "ТекущийПользователь CurrentUser", Do: func(c *Call) any { return &ibUser{c.W.User} }},
				{Names: "ПолучитьПользователей GetUsers", Do: func(c *Call) any {
					c.W.guard(c.W.NotAdmin)
					a := &array{}
					for _, u := range c.W.users() {
						a.items = append(a.items, &ibUser{u})
					}
					return a
				}},
				{Names: "НайтиПоУникальномуИдентификатору FindByUUID", Min: 1, Do: func(c *Call) any {
					c.W.guard(c.W.NotAdmin)
					for _, u := range c.W.users() {
						if u.UID == str(c.Arg(0)) {
							return &ibUser{u}
						}
					}
					return Undefined
				}},
				{Names: "НайтиПоИмени FindByName", Min: 1, Do: func(c *Call) any {
					c.W.guard(c.W.NotAdmin)
					for _, u := range c.W.users() {
						if strings.EqualFold(u.Name, c.Str(0)) {
							return &ibUser{u}
						}
					}
					return Undefined
				}},
			}},
			{Names: "ПользовательИнформационнойБазы InfoBaseUser", Since: server, Properties: []Property{
				get("Имя Name", func(u *ibUser) any { return u.u.Name }),
				get("ПолноеИмя FullName", func(u *ibUser) any { return u.u.FullName }),
				get("УникальныйИдентификатор UUID", func(u *ibUser) any { return UUID(u.u.UID) }),
				get("АутентификацияСтандартная StandardAuthentication", func(*ibUser) any { return true }),
				get("АутентификацияОС OSAuthentication", func(*ibUser) any { return false }),
				get("АутентификацияOpenID OpenIDAuthentication", func(*ibUser) any { return false }),
				get("ПоказыватьВСпискеВыбора ShowInList", func(*ibUser) any { return true }),
			}},
			{Names: "ХранилищеНастроекМенеджер SettingsStorageManager", Since: server, Methods: []Function{
				{Names: "Сохранить Save", Min: 3, Max: 5, Procedure: true, Do: func(c *Call) any {
					c.W.storage[c.Str(0)+"/"+c.Str(1)+"/"+c.Str(4)] = c.W.transfer(c.Arg(2)) // kept as text: a copy
					return nil
				}},
				{Names: "Загрузить Load", Min: 1, Max: 4, Do: func(c *Call) any {
					if v, ok := c.W.storage[c.Str(0)+"/"+c.Str(1)+"/"+c.Str(3)]; ok {
						return c.W.transfer(v)
					}
					return Undefined
				}},
				{Names: "Удалить Delete", Min: 1, Max: 3, Procedure: true, Do: func(c *Call) any {
					delete(c.W.storage, c.Str(0)+"/"+c.Str(1)+"/"+c.Str(2))
					return nil
				}},
			}},
		},
		Functions: []Function{
			{Names: "ИмяПользователя UserName", Do: func(c *Call) any { return c.W.User.Name }},
			{Names: "ПолноеИмяПользователя UserFullName", Since: "-thin -web", Do: func(c *Call) any { return c.W.User.FullName }},
			{Names: "НомерСеансаИнформационнойБазы InfoBaseSessionNumber", Since: "-thin -web", Do: func(c *Call) any { return count(c.W.SessionNumber) }},
			{Names: "ИмяКомпьютера ComputerName", Since: "-web", Do: func(*Call) any { return "computer" }},
			{Names: "СтрокаСоединенияИнформационнойБазы InfoBaseConnectionString", Do: func(c *Call) any {
				if c.W.Target.FileMode {
					return `File="C:\Базы\Тест";`
				}
				return `Srvr="server";Ref="test";`
			}},
			{Names: "ПолучитьНавигационнуюСсылкуИнформационнойБазы GetInfoBaseURL", Do: func(*Call) any { return "e1c://server/server/test" }},
			{Names: "ПолучитьСеансыИнформационнойБазы GetInfoBaseSessions", Since: server, Do: func(c *Call) any {
				a := &array{items: []any{c.W.ownSession()}}
				for _, s := range c.W.Sessions {
					a.items = append(a.items, &infobaseSession{c.W.userOf(s.UserUID), s.Number, s.App})
				}
				return a
			}},
			{Names: "ПолучитьТекущийСеансИнформационнойБазы GetCurrentInfoBaseSession", Since: "8.3.3 " + server, Do: func(c *Call) any { return c.W.ownSession() }},
		},
	}
}

// users are all of the infobase, the current one first.
func (w *World) users() []User {
	all := []User{w.User}
	for _, u := range w.Users {
		if u.UID != w.User.UID {
			all = append(all, u)
		}
	}
	return all
}

// Session is a session of the infobase besides the World's own.
type Session struct {
	Number  int
	UserUID string
	App     string // "1CV8C", "WebClient", "BackgroundJob" …
}

func (w *World) userOf(uid string) User {
	for _, u := range w.users() {
		if u.UID == uid {
			return u
		}
	}
	return User{UID: string(emptyUUID)}
}

func (w *World) ownSession() *infobaseSession {
	app := map[Context]string{ThinClient: "1CV8C", WebClient: "WebClient"}[w.Target.Context]
	if app == "" {
		app = "1CV8"
	}
	return &infobaseSession{w.User, w.SessionNumber, app}
}

type infobaseSession struct {
	u      User
	number int
	app    string
}

func (*infobaseSession) TypeName() string { return "СеансИнформационнойБазы" }
