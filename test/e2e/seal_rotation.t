#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# seal_rotation - the key that seals personal data is changed while two servers run, each with a key file and a spool of
# its own, as on two machines. One is not told: nothing is sealed under what it cannot read. The sweep is killed (SIGKILL)
# again and again, and people go on meanwhile. At the end nothing is under the old key, all that was given stands,
# people are found as before, and the old key file opens the register no more.
#
# TAMGA_KILL_ROUNDS: kills of the sweep (8).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use File::Copy qw(copy);
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = $ENV{TAMGA_KILL_ROUNDS} // 8;
my $seed = int($ENV{TAMGA_SEED} // time);
srand $seed;
print "# seed TAMGA_SEED=$seed TAMGA_KILL_ROUNDS=$rounds\n";

my $r = Register->new;
my $dir = $r->dir;
my $p = Portal->new($r, settings => "papers = $dir/papers\nspool = $dir/spool-a\n");
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->organisation('firm', 'ТОО Импорт', Portal::number_of('9006154'), '0101400');
# Before there are two who decide: then it would wait for the second.
my @lines = map { sprintf '55301/010126/%07d,2026-01-01,%s,1,5', $_, Portal::number_of('0101400') } 1 .. 3000;
is $r->run('customs', 'load', $r->file('customs.csv', lines('declaration_no,declaration_date,declarant,goods_item,quantity', @lines)))->{code},
  0, '3,000 declarations';
$p->staff('erlan', 'officer');
$p->staff('dana', 'officer');
$r->actor('erlan');
$p->serve;
my $key = $r->{key} // $r->db . '.key';
my @one = ($p->{server}, $r, $key);

# The second server: the same register and papers, its own key file and spool.
my $there = bless {%$r, key => "$dir/there.key"}, 'Register';
mkdir "$dir/there";
$there->{dir} = "$dir/there";
$there->{settings} = spew("$dir/there/settings.ini", slurp($r->{settings}) =~ s/spool-a/spool-b/r);
sub bring { # the key file, as somebody copies it to the other machine
    copy($_[0], "$_[1].new") && chmod(0600, "$_[1].new") && rename("$_[1].new", $_[1]) or die "$_[1]: $!";
    return;
}
bring($key, $there->{key});
my $second = $there->serve;
sub at { my ($server) = @_; People::people_server($server); return }
sub both { my ($code) = @_; return map { at($_); my @got = $code->(); at($p->{server}); @got } $p->{server}, $second }

sub seal { my (@words) = @_; return $r->run('--json', 'seal', @words) }
sub listed { return map { json($_) } split /\n/, seal('list')->{out} }
sub under { my ($n) = @_; return (map { $_->{records} } grep { ($_->{key} // 0) == $n } listed())[0] }
sub servers { return grep { $_->{server} } listed() }
sub metric { my ($server, $name) = @_; return (Register::http($server, 'GET', '/metrics'))[1] =~ /^tamga_$name (\S+)$/m ? $1 : -1 }

# ---- what stands before ----

my $aigul = $p->enter('aigul');
my $firm = $p->enter('firm');
my $officer = $p->enter_staff('dana');
my %number; # application => its phone
my $phone = 0;
sub file_one {
    $phone++;
    my ($status, $json) = $p->ask('POST', '/api/v1/applications', {kind => 'before_duty', devices => [{imeis => [imei($phone)]}], @_},
        $aigul, 'Idempotency-Key' => "phone-$phone");
    return unless $status == 201;
    $number{$json->{number}} = imei($phone);
    return $json->{number};
}
my $pdf = "%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n";
my ($paper_status, $paper) = $p->ask('POST', '/api/v1/papers?name=a.pdf', $pdf, $aigul, 'Content-Type' => 'application/pdf');
is $paper_status, 201, 'a paper stands';
ok file_one(papers => [$paper->{id}]), 'an application with it';
file_one() for 1 .. 4;
my $file = lines($header, map { row(imei($_, 35267701)) } 1 .. 300);
my $bulk = Bulk->new($p, $firm);
my $whole = $bulk->send_whole($file);
is $whole->{state}, 'ready', 'a file of devices is checked';
my ($began, $half) = $bulk->begin(length $file);
is(($bulk->piece($half->{id}, 0, substr $file, 0, 1000))[0], 200, 'half of another one has come');

sub all_stands {
    my ($what) = @_;
    my @wrong;
    for my $number (sort keys %number) {
        my @got = both(sub { my ($s, $j) = $p->ask('GET', "/api/v1/applications/$number", undef, $aigul); return ($s, $j->{devices}[0]{imeis}[0] // '') });
        push @wrong, "$number: @got" unless "@got" eq "200 $number{$number} 200 $number{$number}";
    }
    my @paper = both(sub { return ($p->ask('GET', "/api/v1/papers/$paper->{id}", undef, $aigul))[3] eq $pdf ? 1 : 0 });
    push @wrong, "paper: @paper" unless "@paper" eq '1 1';
    return is "@wrong", '', "$what: both servers read all";
}
all_stands('before');

# ---- a new key, and a server that is not told ----

ok poll(10, sub { servers() == 2 }), 'two servers told which keys they have';
like seal('use', 2)->{err}, qr/NOT_FOUND: the key file has no key 2/, 'no key, no use';
my $old_file = slurp($key);
is length $old_file, 36, 'the key file as it was made';
my $added = seal('add');
is $added->{code}, 0, 'a key is added' or diag $added->{err};
is json($added->{out})->{key}, 2, '... number 2';
is((stat $key)[2] & 0777, 0600, '... its owner\'s alone');
ok poll(10, sub { metric($p->{server}, 'seal_key_newest') == 2 }), 'the first server has read the file anew';
is metric($second, 'seal_key_newest'), 1, 'the second has not';
ok poll(10, sub { grep { "@{$_->{has}}" eq '1 2' } servers() }), 'the register knows who has it';
my $use = seal('use', 2);
is $use->{code}, 2, 'it is not used while a running server lacks it';
like $use->{err}, qr/NOT_NOW: the server on \S+, process $second->{pid}, lacks key 2: copy the key file/, '... which is named';
file_one();
is under(2), 0, 'and nothing is sealed under it';
bring($key, $there->{key});
ok poll(10, sub { metric($second, 'seal_key_newest') == 2 }), 'the file was brought: the second has it without a restart';
ok poll(10, sub { seal('use', 2)->{code} == 0 }), 'now it is used';
ok poll(10, sub { (grep { metric($_, 'seal_key_used') == 2 } $p->{server}, $second) == 2 }), '... by both';
file_one();
cmp_ok under(2), '>', 0, 'what is new is under it';
cmp_ok under(1), '>', 3000, '... what was there is not';
all_stands('two keys');
my $early = seal('drop', 1);
is $early->{code}, 2, 'the old one does not go';
like $early->{err}, qr/NOT_NOW: /, '... as long as it is needed' or diag $early->{err};

# ---- the sweep, killed ----

my $killed = 0;
for my $round (1 .. $rounds) {
    my $pid = $r->start({tag => 'renew'}, 'seal', 'renew', '--rate', 1500);
    sleep rand 0.25;
    file_one() if $round % 3 == 0;
    $killed++ if kill 'KILL', $pid;
    Register::wait_for($pid, 20);
    is(($bulk->piece($half->{id}, 1000 + $round - 1, substr $file, 1000 + $round - 1, 1))[0], 200, 'a piece of an upload') if $round <= 3;
}
is $killed, $rounds, "the sweep was killed $rounds times";
all_stands('after the kills');
my $renew = seal('renew', '--rate', 100000);
is $renew->{code}, 0, 'then it goes to its end' or diag $renew->{err}, $renew->{out};
my $done = json($renew->{out});
is_deeply [@$done{qw(left damaged files_left)}], [0, 0, 0], '... and leaves nothing';
is under(1), 0, 'no record is under the old key';
is json(seal('renew')->{out})->{renewed}, 0, 'once more: nothing to do';
all_stands('sealed anew');

# ---- what came in half, goes on; what was checked is filed ----

my $at = $bulk->offset($half->{id});
is(($bulk->piece($half->{id}, $at, substr $file, $at))[0], 200, 'the upload goes on behind the new key');
is(($bulk->finish($half->{id}, Digest::SHA::sha256_hex($file)))[0], 202, '... is whole');
is $bulk->settled($half->{id})->{state}, 'ready', '... and is as it was sent';
is(($p->ask('POST', '/api/v1/applications', {kind => 'import', upload => $whole->{id}}, $firm))[0], 201, 'the list of the other one is filed');

# ---- the old key goes ----

ok poll(20, sub { !grep { $_->{spool_under} != 2 } servers() }), 'both spools are under the new key' or diag explain [servers()];
my $first = seal('drop', 1);
is $first->{code}, 3, 'one person alone drops no key' or diag $first->{err};
like seal('drop', 1)->{err}, qr/SAME_PERSON/, '... nor twice';
$r->actor('dana');
my $drop = seal('drop', 1);
is $drop->{code}, 0, 'another says the same' or diag $drop->{err};
is join(' ', map { "$_->{key} $_->{state}" } grep { $_->{key} } listed()), '2 used', 'the key file has one key';
all_stands('without the old key');
bring($key, $there->{key});
ok poll(10, sub { (grep { "@{$_->{has}}" eq '2' } servers()) == 2 }), 'on the other machine, too';
all_stands('without it anywhere');
my $again = $p->enter('aigul');
is(($p->ask('GET', '/api/v1/applications', undef, $again))[1]{applications}[0]{number}, (sort { $b cmp $a } keys %number)[0],
    'who signs in anew is who it was');
my @acts = grep { /seal_key/ } split /\n/, $r->run('audit', 'show')->{out};
is scalar @acts, 4, 'the audit log has each step';

# ---- files that are none ----

sub with_key { # bytes, why
    my ($bytes, $why) = @_;
    spew($there->{key} . '.new', $bytes);
    chmod 0600, $there->{key} . '.new';
    rename $there->{key} . '.new', $there->{key};
    my $got = $there->run('check', imei(1));
    is $got->{code}, 4, "refused: $why";
    return like $got->{err}, qr/STORE_KEY: .*$why/, '... with the reason';
}
my $good = slurp($key);
with_key($old_file, 'sealed under key 2, which this key file lacks');
with_key(substr($good, 0, -1), 'it was cut');
my $flipped = $good;
substr($flipped, 50, 1) ^= "\x10";
with_key($flipped, 'its checksum does not fit');
with_key('', 'is not a register');
ok poll(10, sub { metric($second, 'key_file_ok') == 0 }), 'a running server tells of it';
all_stands('a damaged file beside a running server');
ok poll(10, sub { slurp("$dir/there/serve.err") =~ /event=keys result=STORE_KEY detail=.*there\.key/ }), '... in its log';
bring($key, $there->{key});
ok poll(10, sub { metric($second, 'key_file_ok') == 1 }), '... until it is mended';

is $r->run('db', 'backup', $r->path('copy.db'))->{code}, 0, 'a backup opens with the key file';
Register::stop($_->{pid}) for $p->{server}, $second;
is scalar(servers()), 0, 'who ends, says so';
ok $r->whole, 'chain and facts agree';
done_testing;
