#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# doors - the other ways in: a provider of sign-ins (a real program, test/peers/oidc.py), honest and not; an app
# on a phone that signs with a key of the test authority. Who comes in is the browser that asked, once.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use People;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new;
my $dir = $r->{dir};
people_of($r);
my ($iin, $iin2, $bin) = map { person_number($_) } '8501013', '9006154', '0101400';
authority($_) for 'nca', 'foreign';
give('nca', 'bolat', "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin2", 'person');
give('nca', 'firm', "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin2/O=ТОО Импорт/OU=BIN$bin", 'head');
give('nca', 'clerk', "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin2/O=ТОО Импорт/OU=BIN$bin", 'clerk');
give('foreign', 'stranger', "/CN=X/serialNumber=IIN$iin", 'person');

# ---- the provider ----

my $provider_pid = open my $provider, '-|', 'python3', 'test/peers/oidc.py', $dir, 'tamga', 's:cret+1' or die;
chomp(my $port = <$provider>);
END { my $code = $?; kill 'KILL', $provider_pid if $provider_pid; close $provider if $provider; $? = $code }
my $there = {port => $port};
sub mode { Register::spew("$dir/oidc.mode", $_[0]); return }
sub who { Register::spew("$dir/oidc.who", JSON::PP->new->utf8(0)->encode($_[0])); return }
my $honest = {iin => $iin, name => 'АХМЕТОВА АЙГҮЛ'};
who($honest);
mode('auto');

# ---- settings ----

Register::spew("$dir/secret", "s:cret+1\n");
my @portal = ('[portal]', 'open = yes', "eds_ca = $dir/nca.pem");
my @oidc = ("oidc_issuer = http://127.0.0.1:$port", 'oidc_client = tamga', "oidc_secret_file = $dir/secret", 'oidc_name = Қызмет');
for my $bad (['no address of ours' => 'public_url', 'app_sign_in = yes'],
    ['an issuer in clear'          => 'oidc_issuer', 'oidc_issuer = http://elsewhere.example', 'oidc_client = x'],
    ['no client'                   => 'oidc_client', "oidc_issuer = http://127.0.0.1:$port"],
    ['a word that is no answer'    => 'app_sign_in', 'app_sign_in = perhaps'],
    ['no file of the secret'       => 'nowhere', @oidc[0, 1], "oidc_secret_file = $dir/nowhere"]) {
    my ($what, $names, @lines) = @$bad;
    $r->settings($names eq 'public_url' ? () : ('[serve]', 'public_url = https://imei.example'), @portal, @lines);
    my $got = $r->run('serve', '--listen', '127.0.0.1:0');
    isnt $got->{code}, 0, "$what: it does not start";
    like $got->{err}, qr/\Q$names/, '... and says why';
}
$r->settings('[serve]', 'public_url = https://imei.example', @portal, @oidc, 'app_sign_in = yes',
    '[limits]', map { "${_}_rate = 0" } qw(address person public));
my $server = $r->serve;
people_server($server);

# ---- a browser: two cookies ----

sub page { # method, path, browser, body: (status, text, head)
    my ($method, $path, $b, $body) = @_;
    my $cookie = join '; ', map { "$_=$b->{$_}" } grep { $b->{$_} } qw(tamga tamga-door);
    my ($status, $text, $head) = Register::http($server, $method, $path, {'Accept-Language' => 'ru', ($cookie ? (Cookie => $cookie) : ()),
            (defined $body ? ('Content-Type' => 'application/x-www-form-urlencoded') : ())}, $body);
    $b->{$1} = $2 while $head =~ /^Set-Cookie: ([a-z-]+)=([0-9a-f]+);/mgi;
    return ($status, $text, $head);
}
sub location { my ($l) = $_[0] =~ /^Location: (\S+)/mi; return $l // '' }
sub refresh { my ($l) = $_[0] =~ /^Refresh: ([^\r]+)/mi; return $l // '' }
sub me { my ($b) = @_; return (ask('GET', '/api/v1/me', undef, {token => $b->{tamga} // 'x'}))[1] }


# Out, at the provider's, and the address of the way back.
sub out {
    my ($b, $path) = @_;
    my ($status, $text, $head) = page('GET', $path // '/sign-in/oidc', $b);
    return ('', $status, $text) if $status != 303;
    my ($query) = location($head) =~ m{^http://127\.0\.0\.1:$port(/authorize\?.*)};
    my (undef, undef, $sent) = Register::http($there, 'GET', $query);
    my ($back) = location($sent) =~ m{^https://imei\.example(/sign-in/oidc/back\?.*)};
    return ($back // '', $status, location($head));
}

my ($status, $text, $head) = page('GET', '/sign-in', {});
like $text, qr/Войти через Қызмет/, 'the sign-in names the provider';
like $text, qr/Войти с телефона/, '... and the phone';

# ---- a provider that is honest ----

my %b;
sub anew { %b = (); return (out(\%b))[0] }
my ($back, undef, $address) = out(\%b, '/sign-in/oidc?next=/apply&lang=kk');
like $address, qr/&code_challenge=[\w-]{43}&code_challenge_method=S256/, 'it goes out with PKCE';
like $address, qr/&nonce=[0-9a-f]{64}&/, '... and a nonce';
like((page('GET', '/sign-in/oidc', {}))[2], qr/^Set-Cookie: tamga-door=[0-9a-f]{80}; Path=\/sign-in; HttpOnly; SameSite=Lax; Max-Age=600; Secure\r?$/mi,
    'the browser is told by a cookie that lasts ten minutes');
($status, $text, $head) = page('GET', $back, \%b);
is $status, 200, 'he comes back' or diag $text;
is refresh($head), '0; url=/apply?lang=kk', 'and is led where he wanted to go, in his language';
like $text, qr/АХМЕТОВА АЙГҮЛ/, '... by his name';
is me(\%b)->{role}, 'person', 'as a person';
is me(\%b)->{name}, 'АХМЕТОВА АЙГҮЛ', '... the one that the provider named';
like((page('GET', '/sign-in/oidc', {tamga => $b{tamga}}))[2], qr{^Location: /cabinet}mi, 'who is signed in has nothing to do there');
($status, $text) = page('GET', $back, {'tamga-door' => $b{'tamga-door'}});
is $status, 401, 'the same way back once more is none';

my %other;
out(\%other);
my $mine = anew();
is((page('GET', $mine, \%other))[0], 401, 'another browser does not come in by it');
is((page('GET', $mine, {}))[0], 401, '... nor one without a ticket');
(my $bent = $mine) =~ s/state=(.)/'state=' . ($1 eq '0' ? '1' : '0')/e;
is((page('GET', $bent, {%b}))[0], 401, 'a bent state is refused');
(my $away = $mine) =~ s/iss=[^&]+/iss=https%3A%2F%2Fother.example/;
is((page('GET', $away, {%b}))[0], 401, 'and who was sent by another provider');
(my $guess = $mine) =~ s/code=[^&]+/code=guess/;
($status, $text) = page('GET', $guess, {%b});
is $status, 401, 'a code that the provider does not know';
like $text, qr/не прошёл проверку/, '... is told kindly';
is((page('GET', '/sign-in/oidc/back?code=' . 'x' x 1500 . '&state=1', {%b}))[0], 401, 'a long code is none');
is((page('GET', '/sign-in/oidc/back', {%b}))[0], 401, 'nothing is none');
is((page('GET', '/sign-in/oidc/back?code=%ff&state=%zz', {%b}))[0], 400, 'nor what cannot be read');
is((page('GET', $mine, \%b))[0], 200, 'the honest one still comes in');

mode('es256');
$mine = anew();
is((page('GET', $mine, \%b))[0], 200, 'signed with a curve');
mode('no_kid');
$mine = anew();
is((page('GET', $mine, \%b))[0], 200, 'a key without a name, the only one of its kind');
mode('rotated');
$mine = anew();
is((page('GET', $mine, \%b))[0], 200, 'a key that is new: the keys are fetched once more');

# ---- and one that is not ----

my %said = (DOOR_TOKEN => qr/не прошёл проверку/, DOOR_IDENTITY => qr/не сообщила ваши ИИН/, DOOR_AWAY => qr/не удаётся/, DOOR_REFUSED => qr/не подтверждён/);
for my $case (map({ [$_, 401, 'DOOR_TOKEN'] } qw(wrong_nonce wrong_aud wrong_iss expired from_tomorrow old none hs256 forged other_key two_aud azp no_token)),
    map({ [$_, 401, 'DOOR_IDENTITY'] } qw(no_iin bad_iin no_name)), ['refused', 401, 'DOOR_REFUSED'], map { [$_, 503, 'DOOR_AWAY'] } qw(garbage long html down slow)) {
    my ($how, $want, $reason) = @$case;
    mode($how eq 'refused' ? $how : 'auto');
    $mine = anew();
    mode($how);
    my $before = time;
    ($status, $text) = page('GET', $mine, \%b);
    is $status, $want, "$how: refused";
    like $text, $said{$reason}, '... and told why';
    ok !$b{tamga}, '... and nobody is in';
    cmp_ok time - $before, '<', 7, '... nobody waits long' if $how eq 'slow';
}
my ($asked) = (Register::http($there, 'GET', '/asked'))[1];
my @asked = @{Register::json($asked)};
is scalar(grep { m{well-known} } @asked), 1, 'what the provider publishes is fetched once';
cmp_ok scalar(grep { $_ eq '/jwks' } @asked), '<=', 4, '... and its keys only for a key that is not known';

who({%$honest, name => "  \xe2\x80\xae<b>Ann</b>  "});
mode('auto');
$mine = anew();
unlike((page('GET', $mine, \%b))[1], qr/<b>|\xe2\x80\xae/, 'a name is text, whatever it is');

# ---- an app on a phone ----

sub code_of { my ($text) = @_; my ($check) = $text =~ m{<strong class="number">(\d\d)</strong>}; return $check }

# The code is drawn; what it holds is what the register's own browser ticket leads to: asked by another way.
sub read_code { # the drawing, as a reader of QR codes sees it
    my ($text) = @_;
    my ($svg) = $text =~ m{(<svg class="qr".*?</svg>)}s or return '';
    Register::spew("$dir/code.svg", $svg);
    return (qx{node test/peers/qr.mjs $dir/code.svg} =~ /(\S+)/)[0] // '';
}
my %phone;
($status, $text, $head) = page('GET', '/sign-in/app?next=/apply', \%phone);
is $status, 200, 'a page with a code';
is refresh($head), '5', 'it looks by itself, without a script';
like $head, qr/^Set-Cookie: tamga-door=[0-9a-f]{80}; Path=\/sign-in; HttpOnly; SameSite=Strict; Max-Age=600; Secure\r?$/mi, 'for this browser alone';
my $address_read = read_code($text);
like $address_read, qr{^HTTPS://IMEI\.EXAMPLE/A/[0-9A-F]{80}$}, 'the code is one address of ours';
my ($ticket) = $address_read =~ m{/A/(\w+)};
unlike $text, qr/$ticket/i, '... which stands nowhere else on the page';
isnt lc $ticket, $phone{'tamga-door'}, '... and is not what the browser holds';
is refresh((page('GET', '/sign-in/app?next=/apply&still=1', {%phone}))[2]), '', 'who is disturbed stops it';
is read_code((page('GET', '/sign-in/app', {%phone}))[1]), $address_read, 'loaded anew it is the same code';
like((page('GET', "/A/$ticket", {}))[1], qr/читает приложение/, 'a camera is told that an app reads it');

my ($s, $what) = ask('GET', "/api/v1/sign-in/app/$ticket");
is $s, 200, 'the app asks what to sign';
is $what->{origin}, 'https://imei.example', '... where he signs in';
is $what->{check}, code_of($text), '... with the number that the page shows';
like $what->{content}, qr{^tamga:app-sign-in:[0-9a-f]{80}:\d\d:https://imei\.example$}, '... all in what is signed';
ok !$what->{signed}, '... and nobody signed yet';
is refresh((page('GET', '/sign-in/app?next=/apply', {%phone}))[2]), '5', 'the page waits on';
is((ask('GET', '/api/v1/sign-in/app/' . '0' x 80))[1]{reason}, 'NONCE', 'a code that is not ours');
is((ask('GET', "/api/v1/sign-in/app/$phone{'tamga-door'}"))[1]{reason}, 'NONCE', '... the ticket of a browser is none');
isnt(read_code((page('GET', '/sign-in/app', {'tamga-door' => lc $ticket}))[1]), $address_read, '... and a code is no ticket of a browser');

my %bad = ('another text' => ['EDS_CONTENT', sign('bolat', "$what->{content}x")], 'a foreign CA' => ['EDS_CHAIN', sign('stranger', $what->{content})],
    'an employee' => ['ROLE', sign('clerk', $what->{content})], 'no signature' => ['EDS_FORM', 'MIAG']);
for my $name (sort keys %bad) {
    is((ask('POST', "/api/v1/sign-in/app/$ticket", {cms => $bad{$name}[1]}))[1]{reason}, $bad{$name}[0], "$name is refused");
}
is refresh((page('GET', '/sign-in/app', {%phone}))[2]), '5', '... and the page still waits';
my $cms = sign('bolat', $what->{content});
($s, $what) = ask('POST', "/api/v1/sign-in/app/$ticket", {cms => $cms});
is $s, 200, 'the app signs';
ok $what->{signed}, '... and hears it';
is((ask('POST', "/api/v1/sign-in/app/$ticket", {cms => $cms}))[1]{reason}, 'NONCE', '... once');
my %thief;
page('GET', '/sign-in/app', \%thief);
ok !$thief{tamga}, 'another browser is not signed in by it';
($status, undef, $head) = page('GET', '/sign-in/app?next=/apply', \%phone);
is $status, 303, 'the browser that asked is';
like location($head), qr{^/apply}, '... and goes where he wanted';
is me(\%phone)->{name}, 'БЕКОВ БОЛАТ', '... as who signed';
($status, $text) = page('GET', '/sign-in/app', {'tamga-door' => $phone{'tamga-door'}});
like $text, qr/больше не действует/, 'the code counts once';
($status, undef, $head) = page('POST', '/sign-in/app', \%thief, 'next=/apply');
is $status, 303, 'a new one is asked for by a form';
like location($head), qr{^/sign-in/app\?next=/apply}, '... that leads to its page';

my %office;
($status, $text) = page('GET', '/sign-in/app', \%office);
($ticket) = read_code($text) =~ m{/A/(\w+)};
my $content = (ask('GET', "/api/v1/sign-in/app/$ticket"))[1]{content};
is((ask('POST', "/api/v1/sign-in/app/$ticket", {cms => sign('firm', $content)}))[0], 200, 'the head of an organisation signs');
page('GET', '/sign-in/app', \%office);
is me(\%office)->{organisation}, 'ТОО Импорт', '... and comes in for it';
sleep 1.2;
like $r->run('audit', 'show')->{out}, qr/sign_in/, 'who came in stands in the audit log';

# ---- where neither is set ----

kill 'TERM', $server->{pid};
$r->settings('[serve]', 'public_url = https://imei.example', @portal);
$server = $r->serve;
people_server($server);
unlike((page('GET', '/sign-in', {}))[1], qr/Другие способы/, 'closed doors are not shown');
is((page('GET', $_, {}))[0], 404, "... $_ is none") for '/sign-in/oidc', '/sign-in/oidc/back', '/sign-in/app';
is((ask('GET', "/api/v1/sign-in/app/$ticket"))[0], 404, '... nor what an app asks');

done_testing;
