package web

import "zummer/models"

// NavGroup is a part of the pages' navigation.
type NavGroup struct {
	Title string
	Items []NavItem
}

// NavItem is one line of it.
type NavItem struct {
	Section, Href, Title string
	Here                 bool
}

// Nav is the navigation for who looks.
func (f Frame) Nav() []NavGroup {
	type item struct {
		section, href string
		title         said
		role          string
	}
	groups := []struct {
		title said
		items []item
	}{
		{said{"Сейчас", "Now"}, []item{
			{"pending", "/admin/", said{"Ожидают", "Pending"}, models.RoleViewer},
			{"live", "/admin/live", said{"На линии", "Live"}, models.RoleViewer},
			{"overview", "/admin/overview", said{"Обзор", "Overview"}, models.RoleViewer},
		}},
		{said{"Журналы", "Logs"}, []item{
			{"calls", "/admin/calls", said{"Звонки", "Calls"}, models.RoleViewer},
			{"webhooks", "/admin/webhooks", said{"Запросы АТС", "Webhooks"}, models.RoleViewer},
			{"unrouted", "/admin/unrouted", said{"Номера без хозяина", "Unrouted"}, models.RoleViewer},
		}},
		{said{"Настройка", "Set-up"}, []item{
			{"sources", "/admin/sources", said{"Источники", "Sources"}, models.RoleViewer},
			{"users", "/admin/users", said{"Пользователи", "Users"}, models.RoleViewer},
			{"groups", "/admin/groups", said{"Группы", "Groups"}, models.RoleViewer},
			{"rules", "/admin/rules", said{"Правила", "Rules"}, models.RoleViewer},
			{"contacts", "/admin/contacts", said{"Контакты", "Contacts"}, models.RoleViewer},
		}},
		{said{"Служба", "Service"}, []item{
			{"audit", "/admin/audit", said{"Кто что менял", "Audit"}, models.RoleAdmin},
			{"administrators", "/admin/administrators", said{"Администраторы", "Administrators"}, models.RoleAdmin},
			{"account", "/admin/account", said{"Моя учётная запись", "My account"}, models.RoleViewer},
		}},
	}
	var out []NavGroup
	for _, g := range groups {
		group := NavGroup{Title: g.title.in(f.Lang)}
		for _, i := range g.items {
			if f.May(i.role) {
				group.Items = append(group.Items, NavItem{i.section, i.href, i.title.in(f.Lang), i.section == f.Section})
			}
		}
		if len(group.Items) > 0 {
			out = append(out, group)
		}
	}
	return out
}

// RoleIn names a role.
func RoleIn(l Lang, role string) string {
	switch role {
	case models.RoleViewer:
		return said{"наблюдатель", "viewer"}.in(l)
	case models.RoleOperator:
		return said{"оператор", "operator"}.in(l)
	case models.RoleAdmin:
		return said{"администратор", "administrator"}.in(l)
	}
	return role
}

// Role names a role in the page's language.
func (f Frame) Role(role string) string { return RoleIn(f.Lang, role) }
