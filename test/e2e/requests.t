#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# requests - who bought a phone in the country asks its seller to verify it: states and what is told to both sides, limits,
# the same act twice, what others hear, a seller who is known by name alone, papers, the receipt; settled by whatever
# verifies the phone, also while the server was dead; overdue when nobody answered. A request holds nothing.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use People;
use POSIX qw(strftime);
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new;
my $p = Portal->new($r, border => 0, settings => "papers = " . $r->{dir} . "/papers\noutbox = " . $r->{dir} . "/outbox\n");
$p->staff('erlan', 'officer');
my $iin = Portal::number_of('8501013');
my ($aigul_iin, $bolat_iin) = ($p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013'), $p->person('bolat', 'БЕКОВ БОЛАТ', '9006154'));
my $bin = $p->organisation('firm', 'ТОО Дүкен', $bolat_iin, '0101400');
my $bin2 = $p->organisation('other', 'ТОО Басқа', $bolat_iin, '0202400');
my $tac = '35267706';
my $week = strftime '%Y-%m-%d', localtime(time - 3 * 86_400);
my ($grey, $second, $stolen, $white, @more) = map { imei($_, $tac) } 1, 2, 3, 4, 11 .. 30;
$r->file('feed.csv', Register::lines('date,imei,imsi,msisdn,rat',
    map { "$week,$_,401011234567890,77010000000,LTE" } $grey, $stolen, @more));
is $r->run('feed', 'load', '--operator', 'Kcell', '--accept', 'all', '--reason', 'test', $r->path('feed.csv'))->{code}, 0, 'phones are used';
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '7', $stolen)->{code}, 0, 'one is stolen';

my $server = $p->serve;
my ($aigul, $bolat, $firm, $other) = map { $p->enter($_) } 'aigul', 'bolat', 'firm', 'other';
my $erlan = $p->enter_staff('erlan');

sub wish { my ($imei, %more) = @_; return {imeis => [ref $imei ? @$imei : $imei], seller => {bin => $bin}, bought => $week, place => 'Алматы', document => 'Чек 77', %more} }
sub send_it { my ($wish, $who, %head) = @_; return $p->ask('POST', '/api/v1/requests', $wish, $who // $aigul, %head) }
sub refused { my (undef, $json) = send_it(@_); return join ' ', map { $_ // '-' } @$json{qw(reason field)} }
sub seen { my ($number, $who) = @_; return ($p->ask('GET', "/api/v1/requests/$number", undef, $who // $aigul))[1] }
sub act { my ($number, $act, $body, $who) = @_; return $p->ask('POST', "/api/v1/requests/$number/$act", $body // {}, $who) }
sub becomes { my ($number, $state) = @_; return Register::poll(10, sub { (seen($number)->{state} // '') eq $state }) }
sub told { my ($who) = @_; return map { $_->{code} } reverse @{($p->ask('GET', '/api/v1/messages', undef, $who))[1]{messages}} }
sub verdict { return ($r->check($_[0]))[0] }
sub approve {
    my (@devices) = @_;
    my ($status, $json) = $p->ask('POST', '/api/v1/applications', {kind => 'import', document => 'KZ-1',
        devices => [map { {imeis => ref $_ ? $_ : [$_], brand => 'Samsung', model => 'A1'} } @devices]}, $firm);
    is $status, 201, 'the seller files an import' or diag explain $json;
    Register::poll(20, sub { my $a = ($p->ask('GET', "/api/v1/desk/$json->{number}", undef, $erlan))[1]; $a->{checked} || $a->{state} ne 'checking' });
    $p->ask('POST', "/api/v1/desk/$json->{number}/claim", {}, $erlan);
    my $said = ($p->ask('POST', "/api/v1/desk/$json->{number}/decide", {decisions => [map { {approve => JSON::PP::true} } @devices], note => ''}, $erlan))[1];
    is $said->{state}, 'approved', 'and it is approved' or diag explain $said;
    return $json->{number};
}

# ---- sent ----

my $before = verdict($grey);
my ($status, $q, $head) = send_it(wish([$grey, $second], note => 'Помогите'), $aigul, 'Idempotency-Key' => 'once');
is $status, 201, 'a request is sent' or diag explain $q;
like $q->{number}, qr/^R\d{4}-\d{10}$/, 'with a number of its own';
like $head, qr{^Location: /api/v1/requests/$q->{number}\r?$}m, 'and where it is';
like $q->{receipt}, qr/^[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$/, 'a receipt that nobody guesses';
is_deeply [@$q{qw(state answer ended_at document place)}], ['sent', undef, undef, 'Чек 77', 'Алматы'], 'it waits';
ok $q->{due_at} gt strftime('%Y-%m-%d', gmtime(time + 4 * 86_400)), 'for five working days';
is_deeply [$q->{holds}, $q->{device}{list}, $q->{device}{last_day}], [JSON::PP::false, 'grey', $before->{deadline}], 'it holds nothing, and says the last day';
is_deeply verdict($grey), {%{verdict($grey)}, %$before}, 'the phone stands as before';
my ($again, $same) = send_it(wish([$grey, $second], note => 'Помогите'), $aigul, 'Idempotency-Key' => 'once');
is "$again $same->{number}", "200 $q->{number}", 'sent again it is the same';
is refused(wish([$grey, $second]), $aigul, 'Idempotency-Key' => 'once'), 'IDEMPOTENCY -', 'the key is for nothing else';

# ---- what is refused, with its field ----

is refused(wish($grey)), 'REQUEST_OPEN -', 'one open request a phone';
my (undef, $lines) = send_it(wish($more[0], place => "Алматы\nТТҮ"));
is_deeply [@$lines{qw(reason field)}], ['ONE_LINE', 'place'], 'a place of two lines';
like $lines->{detail}, qr/пишите в одну строку/, '... and how to write it';
is refused(wish([])), 'DEVICE_IMEIS imeis', 'no IMEI';
is refused(wish(['123'])), 'IMEI_FORM imeis[0]', 'none of an IMEI';
is refused(wish([$more[0], $more[0]])), 'DUPLICATE_IN_FILE imeis', 'one twice';
is refused(wish([map { imei($_, $tac) } 41 .. 45])), 'DEVICE_IMEIS imeis', 'five';
is refused(wish($more[0], seller => {bin => '123456789012'})), 'IIN_BIN seller.bin', 'a wrong check digit';
is refused(wish($more[0], seller => {})), 'NAME seller.name', 'no seller';
is refused(wish($more[0], seller => 'x')), 'USAGE seller', 'a seller who is no object';
is refused(wish($more[0], seller => {bin => $aigul_iin})), 'IIN_BIN seller.bin', 'oneself';
is refused(wish($more[0], bought => '')), 'DATE bought', 'no day';
is refused(wish($more[0], bought => '2099-01-01')), 'DATE bought', 'a day to come';
is refused(wish($more[0], note => 'x' x 501)), 'TOO_LONG note', 'a long note';
is refused(wish($more[0], show_name => 'yes')), 'USAGE show_name', 'no yes or no';
is refused(wish($stolen)), 'REQUEST_NEEDLESS -', 'stolen: a seller does not lift that';
is((send_it(wish($more[0]), $erlan))[0], 403, 'an officer does not buy');

# ---- whose it is ----

my $theirs = seen($q->{number}, $firm);
is_deeply [sort keys %$theirs], [sort grep { !/^(receipt|show_name)$/ } keys %$q], 'the seller sees it without its receipt';
is $theirs->{buyer}, undef, 'and without a name';
my (undef, undef, undef, $text) = $p->ask('GET', '/api/v1/requests?box=received', undef, $firm);
like $text, qr/$q->{number}/, 'it is in his list';
unlike $text, qr/$aigul_iin|АХМЕТОВА/, 'nobody is named';
unlike(($p->ask('GET', '/api/v1/requests', undef, $firm))[3], qr/$q->{number}/, 'not among those he sent');
is_deeply [map { $_->{number} } @{($p->ask('GET', '/api/v1/requests', undef, $aigul))[1]{requests}}], [$q->{number}], 'the buyer\'s own';
for my $way (['GET', ''], ['POST', '/answer'], ['POST', '/close']) {
    my $body = $way->[0] eq 'POST' ? {answer => 'verifying'} : undef;
    is((($p->ask($way->[0], "/api/v1/requests/$q->{number}$way->[1]", $body, $_))[0]), 404, "others do not know it: @$way") for $bolat, $other;
}
is((act($q->{number}, 'answer', {answer => 'verifying'}, $aigul))[0], 404, 'the buyer does not answer');
is((act($q->{number}, 'close', {}, $firm))[0], 404, 'the seller does not close');
is(($p->ask('GET', '/api/v1/requests/R2026-0000099999', undef, $aigul))[0], 404, 'no such');
is(($p->ask('GET', '/api/v1/requests/2026-0000000001', undef, $aigul))[0], 404, 'an application is none');
is_deeply [told($firm)], ['request_to_you'], 'the seller is told';

# ---- answered, settled ----

sub answer_refused { my ($body, $who) = @_; my (undef, $json) = act($q->{number}, 'answer', $body, $who // $firm); return join ' ', map { $_ // '-' } @$json{qw(reason field)} }
is answer_refused({answer => 'maybe'}), 'USAGE answer', 'no such answer';
is answer_refused({answer => 'refused'}), 'USAGE note', 'a refusal says why';
is answer_refused({answer => 'verified'}), 'USAGE application', 'verified: by which';
is answer_refused({answer => 'verified', application => 'x'}), 'USAGE application', 'no number';
is answer_refused({answer => 'verified', application => '2026-0000009999'}), 'USAGE application', 'none of his';
(undef, my $said) = act($q->{number}, 'answer', {answer => 'verifying', note => 'Документы готовы'}, $firm);
is_deeply [@$said{qw(state answer due_at)}], ['answered', 'verifying', undef], 'answered: we verify it';
is seen($q->{number})->{events}[-1]{note}, 'Документы готовы', 'the buyer reads why';
my $half = approve($grey);
is answer_refused({answer => 'verified', application => approve($more[9])}), 'NOT_APPROVED application', 'an application that verified another phone';
is((act($q->{number}, 'answer', {answer => 'verified', application => $half}, $firm))[1]{application}, $half, 'verified, by this application');
sleep 1.5;
is seen($q->{number})->{state}, 'answered', 'one IMEI of two: it is not settled';
approve($second);
ok becomes($q->{number}, 'settled'), 'all of them: settled by itself';
ok seen($q->{number})->{ended_at}, 'with its end';
is_deeply [grep { /^request/ } told($aigul)], [qw(request_sent request_verifying request_verified request_settled)], 'the buyer was told of each';
is_deeply [grep { /^request/ } told($firm)], [qw(request_to_you request_ended)], 'the seller of its beginning and end';
is answer_refused({answer => 'verifying'}), 'NOT_NOW -', 'it is over';
is((act($q->{number}, 'close', {}, $aigul))[1]{reason}, 'NOT_NOW', 'for the buyer as well');
is refused(wish($grey)), 'REQUEST_NEEDLESS -', 'verified: nothing to ask';
my ($message) = grep { $_->{code} eq 'request_settled' } @{($p->ask('GET', '/api/v1/messages', undef, $aigul))[1]{messages}};
is_deeply [@$message{qw(request application)}], [$q->{number}, undef], 'a message names the request';

# ---- refused, named, closed; a seller who is known by name alone ----

(undef, my $n) = send_it(wish($more[1], seller => {name => 'Бутик 5', address => 'Барахолка'}, show_name => JSON::PP::true));
is $n->{seller}{bin}, '', 'a seller without a number';
is_deeply [map { $_->{number} } @{($p->ask('GET', '/api/v1/desk/requests', undef, $erlan))[1]{requests}}], [$n->{number}], 'stands in the officers\' list';
is(($p->ask('GET', "/api/v1/desk/requests/$n->{number}", undef, $erlan))[1]{seller}{name}, 'Бутик 5', 'an officer looks');
is(($p->ask('GET', '/api/v1/desk/requests', undef, $firm))[0], 403, 'nobody else');
sub forward { my ($to) = @_; return $p->ask('POST', "/api/v1/desk/requests/$n->{number}/forward", {bin => $to}, $erlan) }
is((forward('1'))[1]{field}, 'bin', 'to no number');
is((forward($aigul_iin))[1]{reason}, 'IIN_BIN', 'not to the buyer');
is((forward($bin2))[1]{seller}{bin}, $bin2, 'forwarded');
is((forward($bin))[1]{reason}, 'NOT_NOW', 'once');
is_deeply [($p->ask('GET', '/api/v1/desk/requests', undef, $erlan))[1]{requests}], [[]], 'and out of the list';
is seen($n->{number}, $other)->{buyer}, 'АХМЕТОВА АЙГҮЛ', 'the buyer let him see the name';
act($n->{number}, 'answer', {answer => 'refused', note => 'Не наш товар'}, $other);
is_deeply [@{seen($n->{number})}{qw(state answer)}], ['answered', 'refused'], 'refused';
is((act($n->{number}, 'close', {}, $aigul))[1]{state}, 'closed', 'closed by the buyer');

# ---- papers ----

my $pdf = "%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n";
my $paper = ($p->ask('POST', '/api/v1/papers?name=check.pdf', $pdf, $aigul, 'Content-Type' => 'application/pdf'))[1]{id};
(undef, my $w) = send_it(wish($more[2], papers => [$paper]));
is $w->{papers}[0]{id}, $paper, 'a paper goes with it' or diag explain $w;
is(($p->ask('GET', "/api/v1/papers/$paper", undef, $_->[0]))[0], $_->[1], "the paper: $_->[2]")
    for [$aigul, 200, 'the buyer'], [$firm, 200, 'the seller'], [$other, 404, 'another'], [$erlan, 200, 'an officer'];
is refused(wish($more[3], papers => [$paper])), 'PAPER -', 'once';

# ---- the receipt ----

is_deeply [@{($p->ask('POST', '/api/v1/receipt', {receipt => lc $w->{receipt}}))[1]}{qw(kind state)}], ['request', 'sent'], 'by receipt: that it waits, no more';
my ($known, undef, undef, $told) = $p->ask('POST', '/receipt', "receipt=$w->{receipt}", undef, 'Content-Type' => 'application/x-www-form-urlencoded');
like $told, qr/Запрос продавцу.*Ждёт ответа.*Последний день для ответа/s, 'so does the page';
unlike $told, qr/$more[2]|$bin|Чек 77/, '... and no more';
is $known, 200, '... as of an application';
is((($p->ask('POST', '/receipt', 'receipt=ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ', undef, 'Content-Type' => 'application/x-www-form-urlencoded'))[0]), 404, 'of no receipt it knows nothing');

# ---- limits ----

my @sent = map { (send_it(wish($more[$_])))[1] } 4, 5;
is scalar(grep { $_->{number} } @sent), 2, 'five within a day';
is refused(wish($more[6])), 'REQUESTS -', 'not six';
is((send_it(wish($more[6]), $bolat))[0], 201, 'others may');

# ---- the audit log ----

my %audit;
sleep 1.2; # it is written a second late
$audit{$_->{what}}{$_->{outcome}}++ for map { Register::json($_) } split /\n/, $r->run('--json', 'audit', 'show')->{out};
ok $audit{claim_look}{OK} && $audit{claim_decide}{OK} && $audit{claim_decide}{NOT_NOW}, 'looks and answers stand in the audit log' or diag explain \%audit;

# ---- dead between, verified meanwhile by a command ----

kill 'KILL', $server->{pid};
waitpid $server->{pid}, 0;
my $loaded = $r->run('import', 'amnesty', $r->file('here.csv', Register::lines('imei', $more[4])));
is $loaded->{code}, 0, 'verified while the server is dead' or diag $loaded->{err};
$p->serve;
ok becomes($sent[0]{number}, 'settled'), 'settled by the server that comes';
is seen($w->{number})->{state}, 'sent', 'what waited waits';
approve($more[2]);
ok becomes($w->{number}, 'settled'), 'and is settled';
sub letters { return grep { ($_->{request} // '') eq $w->{number} } map { Register::json(Register::slurp($_)) } glob "$r->{dir}/outbox/*.json" }
Register::poll(10, sub { letters() >= 4 });
is_deeply [sort map { $_->{code} } letters()], [qw(request_ended request_sent request_settled request_to_you)], 'each message is a letter, once';
is $r->run('db', 'check')->{code}, 0, 'the register is whole';

# ---- nobody answers: a register whose clock is held ----

my $held = Register->new(now => strftime('%Y-%m-%dT06:00:00Z', gmtime(time + 86_400)));
$p = Portal->new($held, border => 0);
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->organisation('firm', 'ТОО Дүкен', $bolat_iin, '0101400');
$server = $p->serve;
$aigul = $p->enter('aigul');
(undef, my $late) = send_it(wish($grey, bought => $week));
is $late->{state}, 'sent', 'a request of another register' or diag explain $late;
kill 'TERM', $server->{pid};
waitpid $server->{pid}, 0;
$held->{now} = strftime('%Y-%m-%dT06:00:00Z', gmtime(time + 12 * 86_400));
$p->serve;
($aigul, $firm) = map { $p->enter($_) } 'aigul', 'firm';
ok becomes($late->{number}, 'overdue'), 'nobody answered in five working days';
is_deeply [told($aigul)], [qw(request_sent request_overdue)], 'the buyer is told';
is((act($late->{number}, 'answer', {answer => 'verifying'}, $firm))[1]{state}, 'answered', 'late is better than never');
is((act($late->{number}, 'close', {}, $aigul))[1]{state}, 'closed', 'closed');
done_testing;
