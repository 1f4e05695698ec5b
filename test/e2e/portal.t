#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# portal - from sign-in to decision by API: a person signs a nonce with a key of a test authority, files
# an application, the border is asked, and the phone is white a second later; an officer with password
# and code decides what rules do not. Refused signatures; the store of
# people's data holds nothing in clear; the audit log is a chain.
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

my ($iin, $iin2) = (person_number('8501013'), person_number('9006154'));
my $bin = person_number('0101400');
people_of($r);
authority($_) for 'nca', 'foreign';
give('nca', 'aigul', "/CN=АХМЕТОВА АЙГҮЛ/serialNumber=IIN$iin", 'person');
give('nca', 'bolat', "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin2", 'person');
give('nca', 'firm', "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin2/O=ТОО Импорт/OU=BIN$bin", 'head');
give('nca', 'clerk', "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin2/O=ТОО Импорт/OU=BIN$bin", 'clerk');
give('foreign', 'stranger', "/CN=X/serialNumber=IIN$iin", 'person');

my $border_port = border_start();
staff('erlan', 'officer');
staff('dana', 'officer');

# ---- the server ----

my $settings = $r->settings("[portal]\nopen = yes\neds_ca = $dir/nca.pem\nborder = http://127.0.0.1:$border_port/\n");
my $server = $r->serve;

people_server($server);

# ---- signing in ----

my $aigul = enter('aigul');
is $aigul->{status}, 200, 'a person signs in' or BAIL_OUT(Register::slurp("$dir/serve.err"));
ok $aigul->{token}, 'the cookie is hers alone: HttpOnly, SameSite';
is $aigul->{json}{role}, 'person', 'as a person';
is $aigul->{json}{name}, 'АХМЕТОВА АЙГҮЛ', 'by her name';
my $firm = enter('firm');
is $firm->{json}{role}, 'organisation', 'an organisation signs in';
is $firm->{json}{organisation}, 'ТОО Импорт', 'by its name';
is((ask('GET', '/api/v1/me', undef, $aigul))[1]{name}, 'АХМЕТОВА АЙГҮЛ', 'who am I');

is enter('clerk')->{json}{reason}, 'ROLE', 'an employee does not act for it';

my $nonce = nonce();
my $cms = sign('bolat', $nonce);
my %bad = (
    'another text'     => ['EDS_CONTENT',   {nonce => nonce(), cms => $cms}],
    'a foreign CA'     => ['EDS_CHAIN',     {nonce => $nonce, cms => sign('stranger', $nonce)}],
    'no signature'     => ['EDS_FORM',      {nonce => $nonce, cms => 'MIAG'}],
    'a forged nonce'   => ['NONCE',         {nonce => 'tamga:sign-in:' . '0' x 80, cms => $cms}],
    'nothing'          => ['NONCE',         {}],
    'no JSON'          => ['USAGE',         '{'],
);
for my $name (sort keys %bad) {
    my ($status, $json) = ask('POST', '/api/v1/sign-in/eds', $bad{$name}[1]);
    is $json->{reason}, $bad{$name}[0], "$name is refused, and why";
    cmp_ok $status, '>=', 400, '... as an error';
}
is((ask('POST', '/api/v1/sign-in/eds', {nonce => $nonce, cms => $cms}))[0], 200, 'the nonce counts once');
is((ask('POST', '/api/v1/sign-in/eds', {nonce => $nonce, cms => $cms}))[1]{reason}, 'NONCE', '... and not twice');

my $erlan_code = fresh_code('erlan');
my $erlan = signed_in(ask('POST', '/api/v1/sign-in/password', {name => 'erlan', password => password_of('erlan'), code => $erlan_code}));
is $erlan->{status}, 200, 'an officer signs in by password and code';
is $erlan->{json}{role}, 'officer', 'as an officer';
is((ask('POST', '/api/v1/sign-in/password', {name => 'erlan', password => password_of('erlan'), code => $erlan_code}))[0], 401,
    'the same code does not count twice');
for my $wrong (['erlan', 'wrong', 1], ['nobody', 'x', 1], ['dana', 'Тұлпар шабысы dana', '000000']) {
    my ($status, $json) = ask('POST', '/api/v1/sign-in/password',
        {name => $wrong->[0], password => $wrong->[1], code => $wrong->[2] eq '1' ? code('erlan', 1) : $wrong->[2]});
    is "$status $json->{reason}", '401 PASSWORD', "$wrong->[0]: what was wrong is not said";
}
my $dana = enter_staff('dana');
is $dana->{status}, 200, 'the other officer';

# ---- an application ----

my $phone = imei(1, 35267700);
my $second = imei(2, 35267700);
sub wish {
    my (@imeis) = @_;
    return {kind => 'personal', way => 'carried', country => 'TR', entered => '2026-03-01',
        devices => [{imeis => [@imeis], brand => 'Samsung', model => 'Galaxy'}]};
}
sub file { my ($who, $wish, %headers) = @_; return ask('POST', '/api/v1/applications', $wish, $who, %headers) }
sub list { return (ask('GET', "/api/v1/check/$_[0]"))[1]{list} }

is list($phone), 'unknown', 'before: unknown';
my $began = time;
my ($status, $a, $head) = file($aigul, wish($phone, $second), 'Idempotency-Key' => 'one');
is $status, 201, 'filed';
like $a->{number}, qr/^\d{4}-\d{10}$/, 'with a number';
like $a->{receipt}, qr/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/, 'and a receipt';
like $head, qr{^Location: /api/v1/applications/$a->{number}\r?$}m, 'and a place';
ok Register::poll(2, sub { list($phone) eq 'white' }), 'and white, by rules alone';
cmp_ok time - $began, '<=', 1, 'within a second';
is list($second), 'white', 'both IMEIs of the phone';
my ($asked) = Register::json((split /\n/, Register::slurp("$dir/asked"))[-1]);
is_deeply $asked, {iin => $iin, day => '2026-03-01', document => '', purpose => $a->{number}}, 'the border heard why it was asked';
is((ask('GET', "/api/v1/applications/$a->{number}", undef, $aigul))[1]{state}, 'approved', 'approved');
is((file($aigul, wish($phone, $second), 'Idempotency-Key' => 'one'))[1]{number}, $a->{number}, 'sent again it is the same');
is((file($aigul, wish($phone), 'Idempotency-Key' => 'one'))[1]{reason}, 'IDEMPOTENCY', '... and nothing else');
my ($code_, $by_receipt) = ask('POST', '/api/v1/receipt', {receipt => lc $a->{receipt}});
is_deeply [sort keys %$by_receipt], [qw(decided_at due_at kind state)], 'by receipt: kind, state, clock, no more';
is((ask('POST', '/api/v1/receipt', {receipt => 'AAAAA-AAAAA-AAAAA-AAAAA'}))[0], 404, 'no receipt of ours');

# ---- an officer's ----

border('no');
my $third = imei(3, 35267700);
(undef, my $b) = file($aigul, wish($third));
my $number = $b->{number};
ok Register::poll(3, sub { (ask('GET', "/api/v1/desk/$number", undef, $erlan))[1]{checked} }), 'the checks are done';
my (undef, $desk) = ask('GET', "/api/v1/desk/$number", undef, $erlan);
is_deeply $desk->{findings}, ['no_border_crossing'], 'the officer sees what was found';
is_deeply $desk->{applicant}, {name => 'АХМЕТОВА АЙГҮЛ', iin_bin => $iin}, 'and who asks';
ok !exists $desk->{receipt}, 'the receipt is hers alone';
my (undef, $queue) = ask('GET', '/api/v1/desk', undef, $erlan);
is_deeply [map { $_->{number} } @{$queue->{queue}}], [$number], 'it stands in the queue';
my $no = {decisions => [{refusal => 'NO_BORDER_CROSSING'}], note => 'Штамп в паспорте?'};
is((ask('POST', "/api/v1/desk/$number/decide", $no, $erlan))[1]{reason}, 'CLAIMED', 'first claim it');
is((ask('POST', "/api/v1/desk/$number/claim", {}, $erlan))[0], 200, 'claimed');
is((ask('POST', "/api/v1/desk/$number/claim", {}, $dana))[1]{reason}, 'CLAIMED', 'and not by another');
is((ask('POST', "/api/v1/desk/$number/decide", {decisions => []}, $erlan))[1]{reason}, 'USAGE', 'every device is decided');
is((ask('POST', "/api/v1/desk/$number/ask", {note => 'Паспорт'}, $erlan))[1]{state}, 'papers_asked', 'papers asked');
is((ask('POST', "/api/v1/applications/$number/answer", {note => 'Вот'}, $aigul))[1]{state}, 'checking', 'and brought');
is((ask('POST', "/api/v1/desk/$number/decide", $no, $erlan))[1]{state}, 'refused', 'refused');
my (undef, $mine) = ask('GET', "/api/v1/applications/$number", undef, $aigul);
is $mine->{devices}[0]{refusal}, 'NO_BORDER_CROSSING', 'she reads why';
ok length $mine->{devices}[0]{refusal_text}, '... in words';
is $mine->{events}[-1]{note}, 'Штамп в паспорте?', '... and the officer\'s note';
is((ask('POST', "/api/v1/applications/$number/appeal", {note => 'Есть билет'}, $aigul))[1]{state}, 'checking', 'appealed');
is((ask('POST', "/api/v1/desk/$number/claim", {}, $erlan))[1]{reason}, 'SAME_PERSON', 'not to the same officer');
is((ask('POST', "/api/v1/desk/$number/claim", {}, $dana))[0], 200, 'to another');
is((ask('POST', "/api/v1/desk/$number/decide", {decisions => [{approve => JSON::PP::true}]}, $dana))[1]{state}, 'approved', 'approved');
ok Register::poll(2, sub { list($third) eq 'white' }), 'white';

border('down');
my $fourth = imei(4, 35267700);
(undef, my $c) = file($aigul, wish($fourth));
sleep 1.5;
is((ask('GET', "/api/v1/applications/$c->{number}", undef, $aigul))[1]{state}, 'checking', 'could not ask: it waits');
is((ask('POST', "/api/v1/applications/$c->{number}/withdraw", {}, $aigul))[1]{state}, 'withdrawn', 'withdrawn');
is list($fourth), 'unknown', 'and nothing came of it';
(undef, my $all) = ask('GET', '/api/v1/applications', undef, $aigul);
is_deeply [map { $_->{number} } @{$all->{applications}}], [$c->{number}, $number, $a->{number}], 'her own, newest first';

# ---- what is refused ----

is((ask('POST', '/api/v1/applications', wish(imei(9)), {token => $aigul->{token}, csrf => 'x' x 32}))[1]{reason}, 'CSRF', 'another site cannot act for her');
is((ask('POST', '/api/v1/applications', wish(imei(9)), {token => $aigul->{token}}))[1]{reason}, 'CSRF', '... nor without the mark');
is((file($firm, wish(imei(9))))[1]{reason}, 'ROLE', 'a firm files nothing personal');
is((ask('GET', '/api/v1/desk', undef, $aigul))[1]{reason}, 'ROLE', 'the desk is not hers');
is((ask('GET', "/api/v1/applications/$number", undef, $firm))[0], 404, 'what is hers is none of the firm\'s');
is((file($aigul, wish("490154203237510")))[1]{reason}, 'IMEI_MISTYPED', 'a mistyped IMEI');
my $undated = wish(imei(9));
delete $undated->{entered};
is((file($aigul, $undated))[1]{reason}, 'USAGE', 'whoever carried it says when');
is((file($aigul, wish()))[1]{reason}, 'DEVICE_IMEIS', 'a device without IMEI');
is((file($aigul, wish(map { imei($_, 35267700) } 20 .. 24)))[1]{reason}, 'DEVICE_IMEIS', 'a device with five');

# ---- signing out; what is kept ----

is((ask('POST', '/api/v1/sign-out', {}, $aigul))[0], 200, 'signed out');
is((ask('GET', '/api/v1/me', undef, $aigul))[0], 401, 'and gone');
Register::stop($server->{pid});
ok $r->whole, 'the register is whole';
my $audit = $r->run('--json', 'audit', 'show');
is $audit->{code}, 0, 'the audit log is a chain' or diag $audit->{err};
my %told;
$told{$_->{what}}{$_->{outcome}}++ for map { Register::json($_) } split /\n/, $audit->{out};
ok $told{sign_in}{OK} && $told{sign_in}{EDS_CHAIN} && $told{sign_in}{PASSWORD}, 'sign-ins, and those refused';
ok $told{look}{OK} && $told{decide}{OK} && $told{refused}{ROLE} && $told{refused}{CSRF}, 'looks, decisions, refusals';
if ($r->{backend} eq 'sqlite') {
    my $bytes = Register::slurp($r->db) . Register::slurp($r->db . '-wal');
    ok index($bytes, $_) < 0, 'not in clear in the register' for $iin, 'АЙГҮЛ', 'Тұлпар', $a->{receipt}, $erlan->{token};
}
is $r->run('db', 'backup', "$dir/copy.db")->{code}, 0, 'applications are backed up with the register';

border_end();
done_testing;
