#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# ministry - its cabinet, by API: figures agree with what was done, with the time they were counted; what leaves the house
# tells no number below ten, no officer, no body; the journal is proved as far as it goes and grows; a changed block and a
# changed audit log are told; an auditor's look at an IMEI is noted.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(time);

my $r = Register->new;
my $p = Portal->new($r, border => 0);
$p->staff('erlan', 'officer');
$p->staff('madina', 'ministry');
$p->staff('askar', 'police', '--body', 'police');
$p->organisation('firm', 'ТОО Импорт', Portal::number_of('8501013'), '0101400');
my $tac = '35267706';
my $server = $p->serve;
my %who = ((map { $_ => $p->enter_staff($_) } qw(erlan madina askar)), firm => $p->enter('firm'));
sub figures { return ($p->ask('GET', '/api/v1/figures', undef, $who{madina}))[1] }
sub kind { my ($name) = @_; my ($one) = grep { $_->{kind} eq $name } @{figures()->{applications}}; return $one }
sub journal { return ($p->ask('GET', '/api/v1/journal', undef, $who{madina}))[1] }

# ---- applications ----

my @numbers;
for my $n (1 .. 3) {
    my ($status, $json) = $p->ask('POST', '/api/v1/applications', {kind => 'import', document => 'KZ-1',
        devices => [{imeis => [imei($n, $tac)], brand => 'Samsung', model => 'A1'}]}, $who{firm});
    is $status, 201, 'an import is filed' or diag explain $json;
    push @numbers, $json->{number};
}
sub desk { my ($number, $act, $body) = @_; return $p->ask('POST', "/api/v1/desk/$number/$act", $body // {}, $who{erlan}) }
ok Register::poll(20, sub { ($p->ask('GET', "/api/v1/desk/$_", undef, $who{erlan}))[1]{checked} }), 'checked' for @numbers;
desk($_, 'claim') for @numbers[0, 1];
is((desk($numbers[0], 'decide', {decisions => [{approve => JSON::PP::true}], note => ''}))[1]{state}, 'approved', 'one is approved');
is((desk($numbers[1], 'decide', {decisions => [{refusal => 'DOC_UNREADABLE'}], note => ''}))[1]{state}, 'refused', 'one is refused');
ok Register::poll(20, sub { my $k = kind('import'); $k->{states}{approved} == 1 && $k->{states}{refused} == 1 && $k->{states}{checking} == 1 }),
    'all three are counted' or diag explain kind('import');
is kind('import')->{decided}, 2, 'two are decided';
is kind('import')->{median_minutes}, 0, '... at once';
is kind('personal')->{median_minutes}, undef, 'none of another kind';
my $f = figures();
is_deeply [map { [$_->{officer}, map { $_->{approved} } @{$_->{days}}] } @{$f->{officers}}], [['erlan', 1]], 'who approved how many';
like $f->{counted_at}, qr/^\d{4}-.*Z$/, 'when it was counted';
is_deeply [sort keys %{$f->{appeals}}], [sort qw(checking papers_asked approved refused withdrawn closed deciding)], 'appeals by how they ended';

# ---- marks, IMEIs ----

is(($p->ask('POST', '/api/v1/marks', {imeis => [map { imei($_, $tac) } 11 .. 22], mark => 'stolen', order => 'KP-1'}, $who{askar}))[0], 201, 'twelve are stolen');
ok Register::poll(20, sub { my ($b) = @{figures()->{bodies}}; $b && $b->{marks}{stolen} == 12 }), 'by body';
is figures()->{bodies}[0]{body}, 'police', '... with its name';
Register::stop($server->{pid});
$server = $p->serve; # the memory is counted anew
$who{$_} = $p->enter_staff($_) for 'madina', 'askar', 'erlan';
my %by = map { $_->{reason} => $_->{count} } @{figures()->{imeis}{reasons}};
is_deeply [@by{qw(STOLEN VERIFIED)}], [12, 1], 'IMEIs by reason';
is figures()->{imeis}{total}, scalar(grep { /^/ } 1 .. $r->whole->{facts}), 'all of them';

# ---- tables ----

ok Register::poll(20, sub { figures()->{counted_at} }), 'counted again after a start';
my (undef, undef, $head, $table) = $p->ask('GET', '/api/v1/figures.csv', undef, $who{madina});
like $head, qr/^Content-Type: text\/csv/mi, 'a table';
like $table, qr/^imeis,black,STOLEN,12\r$/m, 'IMEIs';
like $table, qr/^applications,import,approved,1\r$/m, 'applications';
like $table, qr/^marks,police,stolen,12\r$/m, 'marks';
like $table, qr/^approved,erlan,\d{4}-\d\d-\d\d,1\r$/m, 'officers';
(undef, undef, undef, $table) = $p->ask('GET', '/api/v1/figures.csv?for=public', undef, $who{madina});
like $table, qr/^applications,import,approved,<10\r$/m, 'what is small is not told outside';
like $table, qr/^imeis,black,STOLEN,12\r$/m, '... what is not, is';
like $table, qr/^applications,personal,approved,0\r$/m, '... nor is nothing hidden';
unlike $table, qr/erlan|police/, '... nor officers, nor bodies';
unlike $table, qr/,[1-9]\r$/m, 'no number below ten';

# ---- the journal ----

my $whole = $r->whole;
ok Register::poll(20, sub { my $j = journal()->{proved}{journal}; $j->{at} && $j->{through} == $whole->{items} }), 'proved to its end' or diag explain journal();
my $j = journal();
is_deeply [$j->{proved}{journal}{whole}, $j->{proved}{audit_log}{whole}], [JSON::PP::true, JSON::PP::true], 'both are whole';
is $j->{blocks}[0]{hash}, $j->{proved}{journal}{hash}, 'the latest block is the last that was proved';
ok $j->{blocks}[0]{first} > $j->{blocks}[1]{first}, 'newest first';
like $j->{blocks}[0]{root}, qr/^[0-9a-f]{64}$/, 'with their roots';
$p->ask('POST', '/api/v1/marks', {imeis => [imei(30, $tac)], mark => 'lost', order => 'KP-2'}, $who{askar});
ok Register::poll(20, sub { journal()->{proved}{journal}{through} > $whole->{items} }), 'what is written since is proved as well';

sub find { return ($p->ask('POST', '/api/v1/journal/find', {@_}, $who{madina}))[1] }
$j = find(imei => imei(1, $tac));
ok scalar(grep { $_->{event} eq 'verified' && $_->{by} eq 'erlan' && $_->{after} eq 'VERIFIED' } @{$j->{entries}}), 'the entries of an IMEI' or diag explain $j;
ok scalar(@{find(imei => imei(1, $tac), application => $numbers[0])->{entries}}), '... of one application';
is_deeply find(imei => imei(1, $tac), application => $numbers[2])->{entries}, [], '... and not of another';
is find(imei => 'x')->{field}, 'imei', 'no IMEI';
is find(imei => imei(1, $tac), application => 'x')->{field}, 'application', 'no number';
ok Register::poll(5, sub {
        my $imei = substr imei(1, $tac), 0, 14;
        scalar grep { /"check"/ && /"ministry"/ && /$imei/ } split /\n/, $r->run('--json', 'audit', 'show')->{out};
    }), 'the look is noted';

# ---- what was changed is told ----

Register::stop($server->{pid});
$r->sql('update journal_block set root = zeroblob(32) where first_seq = (select max(first_seq) from journal_block)');
$r->sql(q{delete from record where key = x'4c0000000000000002'});
$server = $p->serve;
$who{madina} = $p->enter_staff('madina');
ok Register::poll(20, sub { !journal()->{proved}{journal}{whole} }), 'a changed block is told';
isnt journal()->{proved}{journal}{detail}, '', '... where';
ok Register::poll(20, sub { !journal()->{proved}{audit_log}{whole} }), 'a page that is missing in the audit log is told';
Register::stop($server->{pid});
done_testing;
