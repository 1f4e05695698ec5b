#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# run - what `make run` does after the build: a first start makes the demonstration register and
# brings the list of models, a second one keeps both and is quick, a broken first start leaves none; border, post,
# customs and GSMA run beside it, are really asked, fail where a visitor wants it, and end with it however it ends.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use FindBin;
use lib $FindBin::Bin;
use People ();
use Register;
use Test::More;
use Time::HiRes qw(time);

my $r = Register->new(dir => tempdir('tamga-e2e.XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/var');
my $dir = $r->dir;
my $script = abs_path("$FindBin::Bin/../../tools/run.sh");
$ENV{TAMGA} = abs_path($tamga);
$ENV{TAMGA_VAR} = $dir;
$ENV{PORT} = 0;

# Starts the script; its output goes to a file beside the directory.
sub start {
    my ($log) = @_;
    my $pid = fork // die;
    if (!$pid) {
        setpgrp; # a foreground job of its own, as a terminal makes one
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        exec $script or POSIX::_exit(127);
    }
    my $port;
    poll(60, sub {
        ($port) = slurp($log) =~ m{serves http://127\.0\.0\.1:(\d+)/};
        return $port || waitpid($pid, POSIX::WNOHANG()) == $pid;
    });
    return {pid => $pid, port => $port, log => $log};
}

sub stop {
    my ($server, $signal) = @_;
    kill $signal // 'TERM', $server->{pid};
    waitpid $server->{pid}, 0;
    return $?;
}

# Ports of those whom it asks, by name.
sub peers_of { my ($server) = @_; return slurp($server->{log}) =~ m{^  (border|parcel|gsma|customs) +http://127\.0\.0\.1:(\d+)/$}mg }
sub up { my ($port) = @_; return !!IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 2) }
sub all_gone { my (%peers) = @_; return poll(5, sub { return !grep { up($_) } values %peers }) }

# A list of models that stands there already is not fetched.
mkdir $dir;
mkdir "$dir/cache";
spew("$dir/cache/tacdb.csv", lines('tac,name,name', '35735007,Nokia,3310', '1234567,Old,Phone'));

my $first = start("$dir.first");
ok $first->{port}, 'the first start serves' or BAIL_OUT(slurp($first->{log}));
my $said = slurp($first->{log});
like $said, qr/Making the demonstration register/, 'it makes the register';
like $said, qr/2 taken \(0 machines, 1 with a leading 0 given back\)/, 'it repairs the list of models';
like $said, qr/^  357350079900013 +verified_import +white VERIFIED$/m, 'it prints the samples';
is((stat $dir)[2] & 0777, 0700, 'the directory is its own');
is((stat "$dir/tamga.db.key")[2] & 0777, 0600, 'so is the key');
is_deeply [grep { -d } glob "$dir/making*"], [], 'nothing half-made is left';
my ($status, $body) = Register::http($first, 'GET', '/api/v1/check/357350079900013');
is $status, 200, 'it answers';
is_deeply json($body)->{tac}, {brand => 'Nokia', model => '3310'}, 'with the model';
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(5))->{code}, 0,
  'something is written';
my $head = json($r->run('--json', 'journal', 'verify')->{out})->{head};
my %peers = peers_of($first);
is_deeply [sort keys %peers], [qw(border customs gsma parcel)], 'four whom it asks are told';
is((grep { up($_) } values %peers), 4, 'and are there');
like $said, qr{curl -d '\{"as": "500"\}' http://127\.0\.0\.1:$peers{customs}/fault}, 'how to make one fail is told';
my ($curl, $sbi) = $said =~ m{^  (curl --http2-prior-knowledge 'http://127\.0\.0\.1:(\d+)/[^']+')$}m;
ok $curl, 'an EIR node is told, with a way to ask it';
is poll(20, sub { my $out = qx{$curl 2>/dev/null}; return $out =~ /WHITELISTED/ && $out }), '{"status":"WHITELISTED"}', '... which answers as an AMF asks' or diag(slurp("$dir/eir.log"));
$peers{node} = $sbi;
is stop($first), 0, 'a clean end';
ok all_gone(%peers), 'they end with it';
delete $peers{node};

my $began = time;
my $second = start("$dir.second");
my $took = time - $began;
ok $second->{port}, 'the second start serves';
ok $took < 10, sprintf 'quickly (%.1f s)', $took;
unlike slurp($second->{log}), qr/Making|taken|Fetching/, 'it makes nothing anew';
($status, $body) = Register::http($second, 'GET', '/api/v1/check/' . imei(5));
is json($body)->{reason}, 'STOLEN', 'what was written is there';
is $r->run('journal', 'verify', '--against', $head)->{code}, 0, 'in the same chain';
my $third = start("$dir.third");
ok $third->{port} && $third->{port} != $second->{port}, 'a third beside it takes another port';
stop($third);
stop($second);

# ---- border, post, customs and GSMA ----

sub fault {
    my ($how) = @_;
    return (Register::http({port => $peers{customs}}, 'POST', '/fault', {}, qq({"as": "$how"})))[0];
}

my $asking = start("$dir.asking");
%peers = peers_of($asking);
People::people_server($asking);
my (undef, undef, $set) = People::ask('POST', '/sign-in/demo', 'who=importer', undef,
    'Content-Type' => 'application/x-www-form-urlencoded');
my $importer = {token => $set =~ /^Set-Cookie: tamga=([0-9a-f]{64});/m};
$importer->{csrf} = (People::ask('GET', '/api/v1/me', undef, $importer))[1]{csrf};

my $serial = 700;
sub import_of {
    my ($document, $n) = @_;
    my @devices = map { {imeis => [imei($serial++)], brand => 'Nokia', model => '3310'} } 1 .. $n;
    my ($status, $a) = People::ask('POST', '/api/v1/applications',
        {kind => 'import', country => 'CN', document => $document, devices => \@devices}, $importer);
    is $status, 201, "$document: filed";
    return $a->{number};
}
sub state_of { return (People::ask('GET', "/api/v1/applications/$_[0]", undef, $importer))[1] }
sub comes_to { my ($number, $state) = @_; return poll(20, sub { return state_of($number)->{state} eq $state }) }
sub page_of { return (People::ask('GET', "/cabinet/$_[0]", undef, $importer, 'Accept-Language' => 'en'))[3] }

ok comes_to(import_of('55301/010725/0000100/1', 3), 'approved'), 'what the sample importer declared is white at once';
ok comes_to(import_of('55301/010725/0007777/1', 2), 'approved'), '... what no file knows, too: customs are asked';
my $unknown = import_of('55301/010725/0007770/1', 1);
ok poll(5, sub { return !state_of($unknown)->{waits_for} }), 'they do not know it';
is state_of($unknown)->{state}, 'checking', '... an officer looks';
is fault('500'), 200, 'a visitor makes customs fail';
my $waiting = import_of('55301/010725/0007778/1', 1);
ok poll(5, sub { return page_of($waiting) =~ /Customs could not be asked/ }), 'the page says who could not be asked';
is state_of($waiting)->{state}, 'checking', '... which is no refusal';
fault('');
ok comes_to($waiting, 'approved'), '... and well again';
unlike page_of($waiting), qr/could not be asked/, 'then nobody is waited for';

is kill('INT', -$asking->{pid}), 1, 'Ctrl-C in the terminal';
waitpid $asking->{pid}, 0;
is $?, 0, 'ends the server in order';
ok all_gone(%peers), '... and those beside it';
my $killed = start("$dir.killed");
%peers = peers_of($killed);
stop($killed, 'KILL');
ok all_gone(%peers), 'they end with a server that was killed, too';

mkdir "$dir.plain"; # programs, but no python3
for my $program (qw(bash env date find mkdir chmod flock rm mv dirname cat sleep)) {
    my ($path) = grep { -x } map { "$_/$program" } qw(/usr/bin /bin);
    symlink $path, "$dir.plain/$program";
}
{
    local $ENV{PATH} = "$dir.plain";
    my $alone = start("$dir.alone");
    ok $alone->{port}, 'without python3 it serves' or diag slurp("$dir.alone");
    like slurp($alone->{log}), qr/^No python3 at hand: /m, '... and says what is missing';
    stop($alone);
}

# A first start that was cut short: what is half-made is thrown away.
unlink glob "$dir/tamga.db*";
mkdir "$dir/making";
spew("$dir/making/tamga.db", 'half');
my $again = start("$dir.again");
ok $again->{port}, 'a start after one that was cut short';
($status, $body) = Register::http($again, 'GET', '/api/v1/check/357350079900013');
is json($body)->{list}, 'white', 'has its samples';
stop($again);

# --- the list of models comes from npm when that is at hand ---

# A stand-in for npm that packs what the package holds, or knows nothing.
sub npm {
    my ($name, $script) = @_;
    mkdir "$dir.$name";
    spew("$dir.$name/npm", "#!/bin/bash\necho \"$name \$*\" >>$dir.asked\n$script\n");
    chmod 0755, "$dir.$name/npm";
    return "$dir.$name:/usr/bin:/bin";
}

my $script_pack = <<"END";
mkdir -p package/lib
printf 'tac,name,name\\n1234567,Old,Phone\\n35735007,Nokia,3310\\n' >package/lib/tacdb.csv
tar -czf imei_gencheck-4.0.0.tgz package
END

is system("$script reset >$dir.said"), 0, 'make demo-reset';
like slurp("$dir.said"), qr/begins with new/, 'says what it did';
is_deeply [grep { -e } glob "$dir/tamga.db* $dir/tac-list.done"], [], 'the register is gone';
ok -s "$dir/cache/tacdb.csv", 'a list that was fetched stays';
unlink "$dir/cache/tacdb.csv";
{
    local $ENV{PATH} = npm('broken', 'exit 1');
    my $without = start("$dir.without");
    ok $without->{port}, 'a start when npm has nothing';
    like slurp($without->{log}), qr/No list of models at hand: going on without/, 'goes on without';
    ($status, $body) = Register::http($without, 'GET', '/api/v1/check/357350079900013');
    is json($body)->{list}, 'white', 'with its samples';
    stop($without);
    stop(start("$dir.later"));
    is scalar(() = slurp("$dir.asked") =~ /broken/g), 1, 'npm is asked once a day';
}
unlink "$dir/cache/asked";
{
    local $ENV{PATH} = npm('whole', $script_pack);
    my $with = start("$dir.with");
    ok $with->{port}, 'a start when npm has it' or diag slurp("$dir.with");
    like slurp("$dir.asked"), qr/whole pack .*imei_gencheck\@4\.0\.0/, 'the exact version is asked for';
    like slurp($with->{log}), qr/2 taken \(0 machines, 1 with a leading 0 given back\)/, 'repaired';
    ($status, $body) = Register::http($with, 'GET', '/api/v1/check/357350079900013');
    is_deeply json($body)->{tac}, {brand => 'Nokia', model => '3310'}, 'and used';
    stop($with);
}
done_testing;
