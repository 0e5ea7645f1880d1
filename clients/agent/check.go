package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	zummer "zummer/clients/go"
)

// Check looks at all that stands between a desktop and the service.
type Check struct {
	Path    string // of the configuration
	Name    string
	Russian bool
	System  string // GOOS
	// Say is told a line: ✓ right, · worth knowing, ✗ wrong, with what to do.
	Say func(mark, text string)

	sick bool
}

func (c *Check) line(mark, ru, en string, args ...any) {
	c.sick = c.sick || mark == "✗"
	if c.Russian {
		en = ru
	}
	c.Say(mark, fmt.Sprintf(en, args...))
}

// Run reports whether nothing is wrong.
func (c *Check) Run(ctx context.Context) bool {
	cfg, err := Load(c.Path)
	if err != nil {
		c.line("✗", "настройки: %s", "configuration: %s", Words(err, c.Russian))
		return false
	}
	c.line("✓", "настройки %s", "configuration %s", c.Path)
	if c.service(ctx, cfg) {
		c.token(ctx, cfg)
	}
	c.desktop(cfg)
	c.handler(ctx, cfg)
	c.outputs(cfg)
	c.ports(ctx, cfg)
	return !c.sick
}

// service: the address, the certificate and the clock.
func (c *Check) service(ctx context.Context, cfg Config) bool {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	client, err := Client(cfg, c.Name)
	if err != nil {
		c.line("✗", "сертификаты: %s", "certificates: %s", err)
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, cfg.URL+"/readyz", nil)
	if err != nil {
		c.line("✗", "адрес %s: %s", "address %s: %s", cfg.URL, err)
		return false
	}
	res, err := client.HTTP.Do(req)
	if err != nil {
		c.Say("✗", Explain(err, cfg.URL, c.Russian))
		c.sick = true
		return false
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusServiceUnavailable:
		c.line("✗", "служба %s отвечает, но не готова: об этом скажет её журнал", "the service at %s answers but is not ready: its log says why", cfg.URL)
	case res.StatusCode != http.StatusOK:
		c.line("✗", "по адресу %s отвечает не Zummer (/readyz: %d): верен ли адрес, не стоит ли между вами прокси?", "what answers at %s is no Zummer (/readyz: %d): is the address right, is there a proxy between?", cfg.URL, res.StatusCode)
		return false
	default:
		c.line("✓", "служба %s готова", "the service at %s is ready", cfg.URL)
	}
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		c.certificate(res.TLS.PeerCertificates[0])
	} else if u, err := url.Parse(cfg.URL); err == nil && !loopback(u.Hostname()) {
		c.line("·", "соединение не зашифровано (http): токен и номера видны в сети", "the connection is not encrypted (http): the token and numbers can be read on the network")
	}
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		off := time.Since(at).Round(time.Second)
		if off.Abs() > 2*time.Minute {
			c.line("✗", "часы этого компьютера расходятся с часами службы на %s: включите синхронизацию времени", "the clock of this computer differs from the service's by %s: switch time synchronisation on", off)
		} else {
			c.line("✓", "часы идут верно", "the clock is right")
		}
	}
	return true
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c *Check) certificate(cert *x509.Certificate) {
	left := time.Until(cert.NotAfter)
	if left < 14*24*time.Hour {
		c.line("·", "сертификат службы кончается %s: скажите администратору", "the service's certificate ends %s: tell the administrator", cert.NotAfter.Format(time.DateOnly))
		return
	}
	c.line("✓", "сертификат действует до %s", "the certificate is good until %s", cert.NotAfter.Format(time.DateOnly))
}

func (c *Check) token(ctx context.Context, cfg Config) {
	client, err := Client(cfg, c.Name)
	if err != nil {
		return // told
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	me, err := client.Me(ctx)
	if err != nil {
		c.Say("✗", Explain(err, cfg.URL, c.Russian))
		c.sick = true
		return
	}
	c.line("✓", "токен принят: %s (%s)", "the token is taken: %s (%s)", me.Name, me.Login)
	if len(me.Extensions) == 0 {
		c.line("·", "за вами не записано ни одного внутреннего номера: звонки не придут", "no extension is yours: calls will not come")
	}
	switch {
	case me.PopOn == "never":
		c.line("·", "у вас выбрано «не всплывать»: формы не открываются", "pop_on is never: no forms are opened")
	case me.Quiet:
		c.line("·", "включён тихий режим: карточки вместо форм", "quiet is on: cards, no forms")
	}
}

func (c *Check) desktop(cfg Config) {
	if cfg.Notify {
		if err := tryNotifier(c.System); err != nil {
			c.line("✗", "уведомления показать нечем (%s): запустите агента внутри рабочего стола и службу уведомлений (dunst, mako, оболочка рабочего стола), или поставьте \"notify\": false", "nothing shows notifications (%s): start the agent inside the desktop and a notification daemon (dunst, mako, the desktop's own), or set \"notify\": false", err)
		} else {
			c.line("✓", "уведомления показываются", "notifications can be shown")
		}
	}
	argv, err := OpenCommand(c.System, "")
	if err == nil && argv != nil {
		_, err = exec.LookPath(argv[0])
	}
	switch {
	case !cfg.OpenForms:
		c.line("·", "формы сами не открываются (open_forms: false)", "forms do not open by themselves (open_forms: false)")
	case err != nil:
		c.line("✗", "ссылки открыть нечем (%s): на Linux поставьте xdg-utils", "nothing opens links (%s): on Linux install xdg-utils", err)
	case cfg.Infobase != "" && cfg.Links.Check(cfg.Infobase+"#e1cib/data/x") != nil:
		c.line("✗", "ссылки базы %s не откроются: впишите %q в links.hosts", "links of the infobase %s will not be opened: put %q into links.hosts", cfg.Infobase, HostOf(cfg.Infobase))
	case len(cfg.Links.Hosts) == 0:
		c.line("✗", "ни одна ссылка не откроется: перечислите узлы в links.hosts", "no link will be opened: name the hosts in links.hosts")
	default:
		c.line("✓", "разрешены ссылки на %v", "links to %v are allowed", cfg.Links.Hosts)
	}
	if cfg.OpenForms && cfg.Infobase == "" {
		c.line("·", "infobase пуст: объекты 1С (e1cib/data/…) агент не откроет", "infobase is empty: the agent opens no objects of 1C (e1cib/data/…)")
	}
}

// ports: those of the running agent, else whether they are free.
func (c *Check) ports(ctx context.Context, cfg Config) {
	path, err := PlacePath()
	var runs bool
	if err == nil {
		runs, err = occupied(path)
	}
	if err != nil {
		c.line("✗", "файл сеанса: %s", "the session's file: %s", err)
		return
	}
	place := Place{UDP: cfg.UDP.Port}
	if text, err := os.ReadFile(path); runs && err == nil && json.Unmarshal(text, &place) == nil {
		c.line("·", "в этом сеансе агент запущен (%s)", "an agent runs in this session (%s)", path)
		switch {
		case place.Relay != "":
			c.line("·", "местным программам он отвечает на %s", "it answers local programs at %s", place.Relay)
		case cfg.Relay.Enabled:
			c.line("✗", "местным программам он не отвечает: запущен до relay.enabled, запустите его снова", "it does not answer local programs: it was started before relay.enabled, start it again")
		}
	} else if cfg.Relay.Enabled {
		c.free(ctx, cfg.Relay.Port)
	}
	if cfg.Relay.Enabled && cfg.Relay.Secret == "" {
		c.line("·", "relay.secret пуст: местным программам нужны собственные токены", "relay.secret is empty: local clients need tokens of their own")
	}
	if cfg.UDP.Enabled && place.UDP != 0 {
		c.listener(place.UDP, cfg.UDP.Unchecked)
	}
}

// listener: who would get the text messages.
func (c *Check) listener(port int, unchecked bool) {
	who := systemOwners.udp(netip.AddrPort{}, uint16(port))
	switch {
	case unchecked && who != ownerUs:
		c.line("·", "udp.unchecked: порт %d слушает кто угодно, и он получит номера", "udp.unchecked: anybody may listen at port %d, and gets the numbers", port)
	case who == ownerOther:
		c.line("✗", "UDP-порт %d занят программой другого пользователя: сообщений не будет; поставьте udp.port 0 или другой", "UDP port %d is held by another user's program: nothing is sent; set udp.port to 0 or another one", port)
	case who == ownerNone:
		c.line("·", "UDP-порт %d пока никто не слушает", "nobody listens at UDP port %d yet", port)
	case who == ownerUs:
		c.line("✓", "UDP-порт %d слушает ваша программа", "a program of yours listens at UDP port %d", port)
	default:
		c.line("·", "эта система не говорит, чей UDP-порт %d: в сообщениях только номер строки (udp.unchecked: true — всё)", "this system does not tell whose UDP port %d is: messages name the row only (udp.unchecked: true sends all)", port)
	}
}

// free tries the relay's port.
func (c *Check) free(ctx context.Context, port int) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		_ = l.Close() // it was only tried
	}
	c.port(port, err)
}

// relayTaken says what to do about a port that the relay cannot have.
func relayTaken(port int, err error, russian bool) string {
	ru, en := "порт %d для местных программ (relay.port) занят другой программой или агентом другого сеанса: впишите 0, тогда агент выберет свободный при запуске, или другой номер",
		"port %d for local programs (relay.port) is held by another program, or the agent of another session: set 0, then a free one is chosen at start, or another number"
	if errors.Is(err, fs.ErrPermission) {
		ru, en = "эта система не даёт агенту порт %d для местных программ (relay.port): впишите 0, тогда агент выберет свободный при запуске, или номер от 1024",
			"this system does not let the agent have port %d for local programs (relay.port): set 0, then a free one is chosen at start, or a number from 1024 on"
	}
	if russian {
		en = ru
	}
	return fmt.Sprintf(en, port)
}

// port says what came of the try.
func (c *Check) port(port int, err error) {
	switch {
	case port == 0 && err == nil:
		c.line("✓", "порт для местных программ агент выберет при запуске (relay.port: 0)", "the port for local programs is chosen at start (relay.port: 0)")
	case port == 0:
		c.line("✗", "эта машина не даёт портов для местных программ: %s", "this machine gives no port for local programs: %s", err)
	case err == nil:
		c.line("✓", "порт %d для местных программ (relay.port) свободен", "port %d for local programs (relay.port) is free", port)
	default:
		c.line("✗", "%[1]s", "%[1]s", relayTaken(port, err, c.Russian))
	}
}

// Words is an error in the reader's language, where it has one.
func Words(err error, russian bool) string {
	var own *ConfigError
	if errors.As(err, &own) {
		return own.Words(russian)
	}
	return err.Error()
}

// Explain says in words why the service did not answer as it should, and what
// to do.
func Explain(err error, address string, russian bool) string {
	pick := func(ru, en string, args ...any) string {
		if russian {
			en = ru
		}
		return fmt.Sprintf(en, args...)
	}
	var (
		dns     *net.DNSError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		op      *net.OpError
	)
	switch {
	case zummer.StatusOf(err) == http.StatusUnauthorized:
		return pick("токен не принят: он отозван, истёк или набран с ошибкой; возьмите новый и повторите zummer agent login", "the token is refused: it was revoked, has ended or is mistyped; take a new one and repeat zummer agent login")
	case zummer.StatusOf(err) == http.StatusForbidden:
		return pick("у токена нет права poll: попросите у администратора другой", "the token has no scope poll: ask the administrator for another one")
	case zummer.StatusOf(err) == http.StatusNotFound && zummer.CodeOf(err) != "": // the service says so itself
		return pick("%s отвечает, но такого сотрудника нет: скажите администратору", "%s answers, but there is no such user: tell the administrator", address)
	case isNoZummer(err):
		return pick("по адресу %s отвечает не Zummer: верен ли адрес, не стоит ли между вами прокси?", "what answers at %s is no Zummer: is the address right, is there a proxy between?", address)
	case zummer.StatusOf(err) == http.StatusProxyAuthRequired:
		return pick("прокси по дороге к %s требует пароль: добавьте узел в NO_PROXY или впишите пароль в HTTPS_PROXY", "a proxy on the way to %s wants a password: add the host to NO_PROXY, or the password to HTTPS_PROXY", address)
	case zummer.StatusOf(err) == http.StatusTooManyRequests:
		return pick("%s отвечает, что запросов слишком много: подождите минуту", "%s says that there are too many requests: wait a minute", address)
	case zummer.StatusOf(err) >= http.StatusInternalServerError:
		return pick("%s отвечает, но служба за этим адресом сейчас не работает (%d): скажите администратору", "%s answers, but the service behind it does not work now (%d): tell the administrator", address, zummer.StatusOf(err))
	case errors.As(err, &dns):
		return pick("имя в адресе %s не найдено: верно ли оно, есть ли сеть (VPN)?", "the name in %s is not found: is it right, is there a network (VPN)?", address)
	case errors.As(err, &unknown):
		return pick("сертификату %s не доверяет этот компьютер: укажите файл своего удостоверяющего центра (--ca)", "this computer does not trust the certificate of %s: name your authority's file (--ca)", address)
	case errors.As(err, &name):
		return pick("сертификат выдан на другое имя, чем %s: впишите имя из сертификата", "the certificate is for another name than %s: use the name in it", address)
	case errors.As(err, &invalid):
		return pick("сертификат %s недействителен (%s): проверьте часы компьютера и срок сертификата", "the certificate of %s is not valid (%s): look at this computer's clock and at its dates", address, invalid.Error())
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return pick("по адресу %s отвечают без шифрования: http вместо https?", "what answers at %s does not encrypt: http instead of https?", address)
	case errors.As(err, &op) && op.Op == "remote error", strings.Contains(err.Error(), "tls: server selected unsupported protocol"):
		return pick("с %s не договориться о шифровании: там нужен TLS 1.2 или новее", "there is no agreement with %s on encryption: it needs TLS 1.2 or newer", address)
	case errors.Is(err, context.DeadlineExceeded):
		return pick("%s не ответил вовремя: сеть, межсетевой экран или прокси", "%s did not answer in time: the network, a firewall or a proxy", address)
	case errors.As(err, &op):
		return pick("до %s не достучаться (%s): запущена ли служба, верен ли порт, пускает ли межсетевой экран?", "%s cannot be reached (%s): does the service run, is the port right, does the firewall let you through?", address, op.Err)
	}
	return pick("%s: %s", "%s: %s", address, Mask(withoutAddress(err).Error()))
}

// isNoZummer reports whether somebody else answered: without a page of that name,
// with a redirect, or with what is no answer of the service.
func isNoZummer(err error) bool {
	switch status := zummer.StatusOf(err); {
	case status == 0:
		return errors.Is(err, zummer.ErrNoZummer)
	case zummer.CodeOf(err) != "":
		return false
	default:
		return status < http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusMethodNotAllowed
	}
}

// HostOf is what Links.Hosts must have for the links of an infobase; "":
// nothing would do.
func HostOf(infobase string) string {
	u, err := url.Parse(infobase)
	switch {
	case err != nil:
		return ""
	case u.Scheme == "e1c":
		return u.Host + "/" + strings.Trim(u.Path, "/")
	}
	return u.Host
}
