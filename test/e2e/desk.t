#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# desk - two officers: a decision that lifts a block waits as a proposal, through a kill of the server too; who proposed it
# does not confirm it; what moved meanwhile is not confirmed; returned, it is open again; the journal names both; the
# applicant sees nothing of it. One officer approves as many devices as are set. Powers of attorney: given, used,
# over, revoked. An assistant's check.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use People;
use POSIX qw(strftime);
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new;
my $dir = $r->{dir};
people_of($r);
my ($iin, $iin2, $iin3, $bin) = map { person_number($_) } '8501013', '9006154', '7703023', '0101400';
authority('nca');
give('nca', 'aigul', "/CN=АХМЕТОВА АЙГҮЛ/serialNumber=IIN$iin", 'person');
give('nca', 'head', "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin2/O=ТОО Импорт/OU=BIN$bin", 'head');
give('nca', 'clerk', "/CN=САРИН ЕРБОЛ/serialNumber=IIN$iin3/O=ТОО Импорт/OU=BIN$bin", 'clerk');
give('nca', 'erbol', "/CN=САРИН ЕРБОЛ/serialNumber=IIN$iin3", 'person');
staff('erlan', 'officer');
staff('dana', 'officer');
staff('asel', 'assistant');
my $portal = "[portal]\nopen = yes\neds_ca = $dir/nca.pem\nsecond_officer_above = 2\n";
$r->settings($portal);
my $server = $r->serve;
people_server($server);

my ($aigul, $head) = map { enter($_) } qw(aigul head);
my ($erlan, $dana, $asel) = map { enter_staff($_) } qw(erlan dana asel);
is $_->{status}, 200, 'signed in' for $aigul, $head, $erlan, $dana, $asel;

my $yes = {approve => JSON::PP::true};
sub list { return (ask('GET', "/api/v1/check/$_[0]"))[1]{list} }
sub listed { my ($imei, $list) = @_; return Register::poll(3, sub { list($imei) eq $list }) }

sub file {
    my ($who, $kind, @imeis) = @_;
    my ($status, $json) = ask('POST', '/api/v1/applications',
        {kind => $kind, devices => [map { {imeis => [$_], brand => 'Samsung', model => 'A1'} } @imeis]}, $who);
    is $status, 201, "$kind is filed" or diag explain $json;
    return $json->{number};
}

sub act { # number, act, body, who
    my ($number, $act, $body, $who) = @_;
    my ($status, $json) = ask('POST', "/api/v1/desk/$number/$act", $body, $who);
    return ($status, $json);
}
sub reason { return (act(@_))[1]{reason} }

sub approve {
    my ($number, $n, $who) = @_;
    act($number, 'claim', {}, $who);
    return (act($number, 'decide', {decisions => [($yes) x $n], note => 'Проверено'}, $who))[1];
}

# ---- a block, and who lifts it ----

my $phone = imei(1, 35267700);
is approve(file($aigul, 'before_duty', $phone), 1, $erlan)->{state}, 'approved', 'one officer approves what was no block';
ok listed($phone, 'white'), 'white';
my $firms = imei(2, 35267700);
is approve(file($head, 'import', $firms), 1, $erlan)->{state}, 'approved', 'the phone is the firm\'s';
my $number = file($aigul, 'recheck', $firms);
my $proposed = approve($number, 1, $erlan);
is $proposed->{state}, 'checking', 'approving it is a proposal: nothing is decided';
is_deeply $proposed->{proposal}{devices}, [{approve => $yes->{approve}, refusal => undef, lifts => ['verified_other', 'recheck']}],
    'which says what it would lift';
is $proposed->{proposal}{by}, 'erlan', 'and whose it is';
my (undef, $hers) = ask('GET', "/api/v1/applications/$number", undef, $aigul);
ok !exists $hers->{proposal} && !exists $hers->{remarks} && $hers->{state} eq 'checking' && @{$hers->{events}} == 1,
    'the applicant sees nothing of it';
my (undef, $queue) = ask('GET', '/api/v1/desk', undef, $dana);
is_deeply [map { [@$_{qw(number second claimed)}] } @{$queue->{queue}}], [[$number, JSON::PP::true, JSON::PP::false]],
    'the queue says so, and nobody has it';
is reason($number, 'confirm', {}, $erlan), 'SAME_PERSON', 'not by the same officer';
is reason($number, 'claim', {}, $erlan), 'SAME_PERSON', '... who does not take it either';
is reason($number, 'decide', {decisions => [$yes]}, $dana), 'NOT_NOW', 'nor is it decided past the proposal';
is reason($number, 'return', {note => ''}, $dana), 'USAGE', 'returned with a note alone';

# ---- killed between ----

kill 'KILL', $server->{pid};
waitpid $server->{pid}, 0;
$server = $r->serve;
people_server($server);
is((ask('GET', "/api/v1/desk/$number", undef, $dana))[1]{proposal}{by}, 'erlan', 'killed between: the proposal stands');
my ($status, $returned) = act($number, 'return', {note => 'Нет чека'}, $dana);
is $status, 200, 'returned';
is $returned->{proposal}, undef, 'nothing waits any more';
is $returned->{remarks}[-1]{note}, 'Нет чека', 'with a note for officers';
is reason($number, 'confirm', {}, $dana), 'NO_PROPOSAL', 'and is not confirmed now';
sleep 1.1; # of two approvals the later one stands, to the second
is approve($number, 1, $erlan)->{proposal}{by}, 'erlan', 'proposed anew';
is((act($number, 'confirm', {}, $dana))[1]{state}, 'approved', 'confirmed');
ok listed($firms, 'white'), 'white';
is reason($number, 'confirm', {}, $dana), 'NO_PROPOSAL', 'once';

# ---- what moved meanwhile ----

my $moving = imei(3, 35267700);
is approve(file($head, 'import', $moving), 1, $erlan)->{state}, 'approved', 'another phone of the firm';
my $second = file($aigul, 'recheck', $moving);
ok approve($second, 1, $erlan)->{proposal}, 'proposed';
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '7', $moving)->{code}, 0, 'stolen meanwhile';
is reason($second, 'confirm', {}, $dana), 'MOVED', 'so it is not confirmed';
act($second, 'return', {note => 'Украден'}, $dana);
is reason($second, 'decide', {decisions => [$yes]}, $erlan), 'NOT_OURS', 'a recheck lifts no mark';

# ---- many devices ----

my @many = map { imei($_, 35267700) } 10 .. 12;
my $bulk = file($head, 'import', @many);
is_deeply approve($bulk, 3, $dana)->{proposal}{devices}[2]{lifts}, ['many'], 'three are more than one officer approves alone';
is((act($bulk, 'confirm', {}, $erlan))[1]{state}, 'approved', 'two do');

# ---- the same by page ----

my $paged = file($aigul, 'recheck', $many[0]);
sub form { # path, fields, who
    my ($path, $fields, $who) = @_;
    return ask('POST', $path, "csrf=$who->{csrf}$fields", {token => $who->{token}},
        'Content-Type' => 'application/x-www-form-urlencoded');
}
my $to;
sleep 1.1;
($status, undef, $to) = form("/desk/$paged/claim", '', $erlan);
is $status, 303, 'a form is answered by 303';
like $to, qr{^Location: /desk/$paged\?done=claimed}m, 'to the page that says so';
is((form("/desk/$paged/decide", '&d0=', $erlan))[0], 400, 'nothing was chosen');
like((form("/desk/$paged/decide", '&d0=approve&note=x', $erlan))[2], qr/done=proposed/, 'proposed');
is((form("/desk/$paged/confirm", '', $erlan))[0], 403, 'not confirmed by himself');
like((form("/desk/$paged/confirm", '', $dana))[2], qr/done=confirmed/, 'but by another');
is((form("/desk/$paged/confirm", '', {%$dana, csrf => 'f' x 32}))[0], 403, 'not from another site');
my $page = (Register::http($server, 'GET', "/desk/$paged", {Cookie => "tamga=$dana->{token}"}))[1];
unlike $page, qr/<script/, 'no script';
like $page, qr/$iin/, 'the page says who asked';

# ---- powers of attorney ----

my $until = strftime '%Y-%m-%d', gmtime time + 30 * 86400;
is enter('clerk')->{json}{reason}, 'ROLE', 'an employee without a power of attorney';
my $erbol = enter('erbol');
sub attorneys { my ($who, $body) = @_; return ask('POST', '/api/v1/attorneys', $body, $who) }
my %wish = (iin => $iin3, until => $until, kinds => ['import']);
is((attorneys($aigul, \%wish))[1]{reason}, 'ROLE', 'a person gives none');
is((attorneys($head, {%wish, iin => '123456789012'}))[1]{reason}, 'IIN_BIN', 'a wrong number');
is((attorneys($head, {%wish, iin => $iin2}))[1]{reason}, 'SAME_PERSON', 'none to himself');
is((attorneys($head, {%wish, until => '2020-01-01'}))[1]{reason}, 'DATE', 'a day that is over');
is((attorneys($head, {%wish, until => '2099-01-01'}))[1]{reason}, 'DATE', 'a day too far');
is((attorneys($head, {%wish, kinds => []}))[1]{reason}, 'USAGE', 'for nothing');
is((attorneys($head, {%wish, kinds => ['x']}))[1]{reason}, 'USAGE', 'for what is no kind');
is((ask('POST', '/api/v1/act-for', {bin => $bin}, $erbol))[0], 404, 'he has none yet');
is((attorneys($head, \%wish))[0], 201, 'given');
is((ask('GET', '/api/v1/attorneys', undef, $erbol))[1]{held}[0]{bin}, $bin, 'he sees it');
is((ask('GET', '/api/v1/attorneys', undef, $head))[1]{given}[0]{iin}, $iin3, 'the head, too');
my $clerk = enter('clerk');
is $clerk->{json}{role}, 'organisation', 'the employee\'s key is enough now';
my $acting = signed_in(ask('POST', '/api/v1/act-for', {bin => $bin}, $erbol));
is $acting->{json}{organisation}, 'ТОО Импорт', 'his own as well: he acts for it';
is((ask('GET', '/api/v1/me', undef, $erbol))[0], 401, 'the session before is over');
file($acting, 'import', imei(20, 35267700));
is((ask('POST', '/api/v1/applications', {kind => 'before_duty', devices => [{imeis => [imei(21, 35267700)]}]}, $acting))[1]{reason},
    'ROLE', 'not for another kind');
is((ask('POST', '/api/v1/applications', {kind => 'before_duty', upload => '1' x 16}, $acting))[1]{reason}, 'ROLE', '... by file neither');
my (undef, $of_head) = ask('POST', '/api/v1/applications', {kind => 'before_duty', devices => [{imeis => [imei(22, 35267700)]}]}, $head);
is((ask('GET', "/api/v1/applications/$of_head->{number}", undef, $acting))[0], 200, 'he sees one of another kind');
for my $act ('withdraw', 'answer', 'appeal') {
    is((ask('POST', "/api/v1/applications/$of_head->{number}/$act", {note => 'x'}, $acting))[1]{reason}, 'ROLE', "... and does not $act");
}
unlike((ask('GET', "/cabinet/$of_head->{number}", undef, $acting))[3], qr{/$of_head->{number}/withdraw}, 'his page of it has no such way');
like((ask('GET', "/cabinet/$of_head->{number}", undef, $head))[3], qr{/$of_head->{number}/withdraw}, 'that of the head has');
is((attorneys($acting, {%wish, iin => $iin}))[1]{reason}, 'ROLE', 'who acts by one gives none');
is((ask('POST', '/api/v1/attorneys/revoke', {iin => $iin3}, $acting))[1]{reason}, 'ROLE', 'and revokes none');
is((ask('POST', '/api/v1/attorneys/revoke', {iin => $iin3}, $head))[0], 200, 'revoked');
is((ask('POST', '/api/v1/attorneys/revoke', {iin => $iin3}, $head))[0], 404, 'once');
is((ask('GET', '/api/v1/applications', undef, $_))[0], 401, 'and he is out at once') for $acting, $clerk;

# ---- an assistant ----

my (undef, $told) = ask('GET', "/api/v1/desk/check/$moving", undef, $asel);
is "$told->{list} $told->{reason}", 'black STOLEN', 'an assistant hears the internal reason';
ok length $told->{explanation}, 'in words';
is scalar(grep(/applicant|party|iin|owner/, keys %$told)), 0, 'and nothing of owners';
is((ask('GET', "/api/v1/desk/check/$moving", undef, $aigul))[1]{reason}, 'ROLE', 'a person does not');
is((ask('GET', '/api/v1/desk/check/1', undef, $asel))[1]{reason}, 'IMEI_FORM', 'what is no IMEI');

# ---- what is kept ----

sleep 1.2; # the audit log is written a second late
Register::stop($server->{pid});
ok $r->whole, 'the register is whole';
my $journal = $r->run('journal', 'show')->{out};
like $journal, qr/entry proposed by erlan\n.*entry rejected by dana\n.*entry proposed by erlan\n.*entry verified by dana\n/s,
    'the journal has each step, and whose it was';
like $journal, qr/verified +verified +\w+ -> \w+  by dana for \S* ?order $number/, 'with the application\'s number';
my %audit;
$audit{$_->{what}}{$_->{outcome}}++ for map { Register::json($_) } split /\n/, $r->run('--json', 'audit', 'show')->{out};
ok $audit{attorney}{OK} && $audit{act_for}{OK} && $audit{check}{OK} && $audit{decide}{SAME_PERSON}, 'the audit log, too'
    or diag explain \%audit;
done_testing;
