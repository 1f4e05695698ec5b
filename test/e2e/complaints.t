#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# complaints - about a seller: alone and out of a request that he refused; what is refused, limits, the same act twice, what
# others hear; an officer claims and decides, another does not; the table by seller and who sees which rows of it; the audit
# log; killed between, it stands once.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new;
my $p = Portal->new($r, border => 0);
$p->staff(@$_) for ['erlan', 'officer'], ['dana', 'officer'], ['mira', 'ministry'], ['root', 'admin'];
my $other_iin = Portal::number_of('9006154');
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->person('bolat', 'БЕКОВ БОЛАТ', '9006154');
my $bin = $p->organisation('firm', 'ТОО Дүкен', $other_iin, '0101400');
my $server = $p->serve;
my ($aigul, $bolat, $firm) = map { $p->enter($_) } 'aigul', 'bolat', 'firm';
my ($erlan, $dana, $mira, $root) = map { $p->enter_staff($_) } 'erlan', 'dana', 'mira', 'root';

sub wish { my ($n, %more) = @_; return {imeis => [imei($n)], seller => {bin => $bin, name => 'ТОО Дүкен'}, bought => '2026-01-05', text => 'Ақшаны қайтармайды', %more} }
sub file_it { my ($wish, $who, %head) = @_; return $p->ask('POST', '/api/v1/complaints', $wish, $who // $aigul, %head) }
sub refused { my (undef, $json) = file_it(@_); return join ' ', map { $_ // '-' } @$json{qw(reason field)} }
sub desk { my ($number, $act, $body, $who) = @_; return $p->ask('POST', "/api/v1/desk/complaints/$number/$act", $body // {}, $who // $erlan) }
sub table { my ($who) = @_; return ($p->ask('GET', '/api/v1/desk/complaints/sellers.csv', undef, $who))[3] }
sub told { my ($who) = @_; return map { $_->{code} } reverse @{($p->ask('GET', '/api/v1/messages', undef, $who))[1]{messages}} }

# ---- filed ----

my ($status, $c, $head) = file_it(wish(1), $aigul, 'Idempotency-Key' => 'once');
is $status, 201, 'a complaint is filed' or diag explain $c;
like $c->{number}, qr/^C\d{4}-\d{10}$/, 'with a number of its own';
like $head, qr{^Location: /api/v1/complaints/$c->{number}\r?$}m, 'and where it is';
is_deeply [@$c{qw(state outcome request text)}], ['open', undef, undef, 'Ақшаны қайтармайды'], 'it waits';
is((file_it(wish(1), $aigul, 'Idempotency-Key' => 'once'))[1]{number}, $c->{number}, 'sent again it is the same');
is refused(wish(2), $aigul, 'Idempotency-Key' => 'once'), 'IDEMPOTENCY -', 'the key is for nothing else';
is refused(wish(1)), 'COMPLAINT_OPEN -', 'one open a phone';
is refused(wish(2, text => '')), 'USAGE text', 'what happened';
is refused(wish(2, text => 'x' x 2001)), 'TOO_LONG text', 'at length';
is refused(wish(2, seller => {})), 'NAME seller.name', 'about nobody';
is refused(wish(2, imeis => [])), 'DEVICE_IMEIS imeis', 'no phone';
is refused(wish(2, request => 'x')), 'USAGE request', 'no request';
is refused(wish(2, request => 'R2026-0000099999')), 'USAGE request', 'none of his';

# ---- out of a request that was refused ----

(undef, my $q) = $p->ask('POST', '/api/v1/requests', {imeis => [imei(3)], seller => {bin => $bin}, bought => '2026-01-05'}, $aigul);
$p->ask('POST', "/api/v1/requests/$q->{number}/answer", {answer => 'refused', note => 'Жоқ'}, $firm);
is refused(wish(3, request => $q->{number}), $bolat), 'USAGE request', 'another\'s request';
is((file_it(wish(3, request => $q->{number})))[1]{request}, $q->{number}, 'a complaint out of it');

# ---- the receipt ----

sub by_receipt { my ($receipt) = @_; return ($p->ask('POST', '/api/v1/receipt', {receipt => $receipt}))[1] }
sub receipt_page { my ($receipt) = @_; return ($p->ask('POST', '/receipt?lang=ru', "receipt=$receipt", undef, 'Content-Type' => 'application/x-www-form-urlencoded'))[3] }

is_deeply by_receipt(lc $c->{receipt}), {kind => 'complaint', state => 'open', due_at => undef, decided_at => undef}, 'by receipt: that it waits, no more';
my $waits = receipt_page($c->{receipt});
like $waits, qr/Жалоба на продавца.*Рассматривается/s, '... by page, too';
unlike $waits, qr/Дүкен|@{[imei(1)]}|Ақшаны/, '... nothing of phone, seller or words';

# ---- whose it is ----

is(($p->ask('GET', "/api/v1/complaints/$c->{number}", undef, $_))[0], 404, 'others do not know it') for $bolat, $firm;
is(($p->ask('POST', "/api/v1/complaints/$c->{number}/withdraw", {}, $bolat))[0], 404, 'nor take it back');
is scalar @{($p->ask('GET', '/api/v1/complaints', undef, $aigul))[1]{complaints}}, 2, 'his own';
is(($p->ask('GET', '/api/v1/desk/complaints', undef, $_))[0], 403, 'the desk is the officers\'') for $aigul, $firm, $mira;

# ---- the desk ----

my @queue = map { $_->{number} } @{($p->ask('GET', '/api/v1/desk/complaints', undef, $erlan))[1]{complaints}};
is $queue[0], $c->{number}, 'the oldest first';
is(($p->ask('GET', "/api/v1/desk/complaints/$c->{number}", undef, $erlan))[1]{buyer}, 'АХМЕТОВА АЙГҮЛ', 'an officer sees who');
is((desk($c->{number}, 'claim'))[1]{claimed}, JSON::PP::true, 'taken');
is((desk($c->{number}, 'claim', {}, $dana))[1]{reason}, 'CLAIMED', 'not by two');
is((desk($c->{number}, 'decide', {outcome => 'unfounded'}, $dana))[1]{reason}, 'CLAIMED', 'nor decided');
is((desk($c->{number}, 'decide', {outcome => 'guilty'}))[1]{field}, 'outcome', 'a closed list');

kill 'KILL', $server->{pid};
waitpid $server->{pid}, 0;
$p->serve;
is((desk($c->{number}, 'decide', {outcome => 'passed_on', note => 'Органға берілді'}))[1]{outcome}, 'passed_on', 'killed between, it is decided');
is by_receipt($c->{receipt})->{state}, 'passed_on', '... which its receipt tells';
like receipt_page($c->{receipt}), qr/Передана в орган по защите прав потребителей/, '... by page, too';
my $own = ($p->ask('GET', "/complaints/$c->{number}", undef, $aigul))[3];
like $own, qr/$c->{receipt}/, 'her page shows the receipt';
unlike +($p->ask('GET', "/desk/complaints/$c->{number}", undef, $erlan))[3], qr/$c->{receipt}/, 'the officer\'s does not';
is((desk($c->{number}, 'decide', {outcome => 'unfounded'}))[1]{reason}, 'NOT_NOW', 'once');
is(($p->ask('POST', "/api/v1/complaints/$c->{number}/withdraw", {}, $aigul))[1]{reason}, 'NOT_NOW', 'it is over');
is_deeply [grep { /^complaint/ } told($aigul)], [qw(complaint_sent complaint_sent complaint_passed_on)], 'who complained is told';
is(($p->ask('GET', "/api/v1/complaints/$c->{number}", undef, $aigul))[1]{note}, 'Органға берілді', 'and reads why');

# ---- limits ----

is((file_it(wish(4)))[0], 201, 'three within a day');
is refused(wish(5)), 'COMPLAINTS -', 'not four';
(undef, my $b) = file_it(wish(6, seller => {name => '=Бутик'}), $bolat);
is(($p->ask('POST', "/api/v1/complaints/$b->{number}/withdraw", {}, $bolat))[1]{outcome}, 'withdrawn', 'taken back');

# ---- by seller ----

my $all = table($erlan);
like $all, qr/^$bin,ТОО Дүкен,,3,2,1,0,0,0\r$/m, 'how many, by seller';
like $all, qr/^,'=Бутик,,1,0,0,0,0,1\r$/m, 'also by name alone, and no formula';
is table($mira), $all, 'the ministry sees the same';
unlike table($root), qr/$bin|Бутик/, 'others see no seller of fewer than ten';
is(($p->ask('GET', '/api/v1/desk/complaints/sellers.csv', undef, $_))[0], 403, 'no applicant') for $aigul, $firm;

sleep 1.2; # the audit log is written a second late
my %audit;
$audit{$_->{what}}{$_->{outcome}}++ for map { Register::json($_) } split /\n/, $r->run('--json', 'audit', 'show')->{out};
ok $audit{claim_look}{OK} && $audit{claim_decide}{OK} && $audit{claim_decide}{NOT_NOW}, 'looks and decisions stand in the audit log' or diag explain \%audit;
is $r->run('db', 'check')->{code}, 0, 'the register is whole';
done_testing;
