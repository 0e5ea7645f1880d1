package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"zummer/handlers/pbx"
)

// doctorSource is what the administrator's interface tells of a source.
type doctorSource struct {
	Slug    string `json:"slug"`
	Kind    string `json:"kind"`
	HookURL string `json:"hook_url"`
	Active  bool   `json:"active"`
}

// source walks from the public address to the extensions.
func (d *doctor) source(ctx context.Context, s doctorSource) error {
	d.say(note, pbx.Text{RU: "источник %s (%s)", EN: "source %s (%s)"}, s.Slug, s.Kind)
	if !s.Active {
		d.say(wrong, pbx.Text{RU: "источник выключен: его запросы получают 404; включите его (active: true)", EN: "the source is switched off, its requests get a 404: switch it on (active: true)"})
	}
	if d.address(ctx, s) {
		d.hook(ctx, s)
	}
	if err := d.webhooks(ctx, s); err != nil {
		return err
	}
	return d.extensions(ctx, s)
}

// address: can a PBX outside find us, and does it trust us?
func (d *doctor) address(ctx context.Context, s doctorSource) bool {
	u, err := url.Parse(s.HookURL)
	if err != nil || u.Host == "" {
		d.say(wrong, pbx.Text{RU: "адрес источника не читается: проверьте ZUMMER_PUBLIC_URL", EN: "the source's address cannot be read: check ZUMMER_PUBLIC_URL"})
		return false
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		d.say(wrong, pbx.Text{RU: "имя %s не находится в DNS: исправьте ZUMMER_PUBLIC_URL или запись в DNS", EN: "the name %s is not in DNS: mend ZUMMER_PUBLIC_URL or the DNS record"}, u.Hostname())
		return false
	}
	if !anyPublic(addrs) {
		d.say(note, pbx.Text{RU: "адрес %s не виден из интернета: АТС в той же сети дотянется, облачная — нет; задайте ZUMMER_PUBLIC_URL",
			EN: "the address %s cannot be seen from the internet: a PBX on this network reaches it, one in the cloud does not; set ZUMMER_PUBLIC_URL"}, u.Host)
	} else {
		d.say(right, pbx.Text{RU: "публичный адрес %s", EN: "the public address is %s"}, u.Host)
	}
	if u.Scheme != "https" {
		d.say(note, pbx.Text{RU: "адрес без https: номера клиентов идут открыто, и не всякая АТС такой примет (OnlinePBX не примет)",
			EN: "the address is not https: customers' numbers travel in the open, and not every PBX takes it (OnlinePBX does not)"})
		return true
	}
	return d.certificate(ctx, u)
}

func anyPublic(addrs []netip.Addr) bool {
	for _, a := range addrs {
		if public(a) {
			return true
		}
	}
	return false
}

// certificate: valid for the name, for a while yet, and spoken with TLS 1.2,
// since Mango has no newer one.
func (d *doctor) certificate(ctx context.Context, u *url.URL) bool {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	//nolint:gosec // G402: whether 1.2 is spoken is the question
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, RootCAs: d.roots()}}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		var unknown x509.UnknownAuthorityError
		var name x509.HostnameError
		var invalid x509.CertificateInvalidError
		switch {
		case errors.As(err, &unknown):
			d.say(wrong, pbx.Text{RU: "сертификату %s не доверяют: нужна полная цепочка от известного центра (ZUMMER_TLS_DOMAIN берёт его сам)",
				EN: "the certificate of %s is not trusted: it needs a full chain from a known authority (ZUMMER_TLS_DOMAIN gets one by itself)"}, u.Hostname())
		case errors.As(err, &name):
			d.say(wrong, pbx.Text{RU: "сертификат выдан не на имя %s", EN: "the certificate is not for the name %s"}, u.Hostname())
		case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
			d.say(wrong, pbx.Text{RU: "сертификат %s просрочен или ещё не действует: обновите его", EN: "the certificate of %s has expired or is not valid yet: renew it"}, u.Hostname())
		case strings.Contains(err.Error(), "protocol version"):
			d.say(wrong, pbx.Text{RU: "%s не говорит на TLS 1.2, а Mango не умеет новее: включите 1.2 на прокси", EN: "%s does not speak TLS 1.2, and Mango has nothing newer: switch 1.2 on in the proxy"}, u.Hostname())
		default:
			d.say(wrong, pbx.Text{RU: "к %s нельзя подключиться по https: %s", EN: "no https connection to %s: %s"}, u.Host, plainError(err))
		}
		return false
	}
	defer conn.Close()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0] //nolint:forcetypeassert // tls.Dialer makes no other
	if left := leaf.NotAfter.Sub(d.now); left < 14*24*time.Hour {
		d.say(note, pbx.Text{RU: "сертификат действует ещё %d дн.", EN: "the certificate is valid for %d more days"}, int(left.Hours()/24))
		return true
	}
	d.say(right, pbx.Text{RU: "сертификат верен, TLS 1.2 включён", EN: "the certificate is good and TLS 1.2 is on"})
	return true
}

// hook: does the public address lead to this service? The knock is for a source
// that cannot be, so that it counts as nobody's webhook and nobody's refusal.
func (d *doctor) hook(ctx context.Context, s doctorSource) {
	base, _, _ := strings.Cut(s.HookURL, "/hooks/"+s.Slug+"/")
	status, body, err := d.get(ctx, base+"/hooks/-/doctor", "")
	switch {
	case err != nil:
		d.say(wrong, pbx.Text{RU: "адрес источника отсюда не открывается (%s): проброс порта, прокси, брандмауэр", EN: "the source's address does not open from here (%s): port forward, proxy, firewall"}, plainError(err))
	case status != http.StatusNotFound || !strings.Contains(string(body), `"request_id"`):
		d.say(wrong, pbx.Text{RU: "по адресу источника отвечает не Zummer (%d): прокси должен передавать /hooks/ без изменений", EN: "it is not Zummer that answers at the source's address (%d): the proxy must pass /hooks/ on unchanged"}, status)
	default:
		d.say(right, pbx.Text{RU: "адрес источника ведёт сюда (проверено с этой машины)", EN: "the source's address leads here (tried from this machine)"})
	}
}
