#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# portal_roles - who may what: every address of src/portal/routes.c by every role of src/people/role.def,
# and by nobody. Both are read from the sources: an address or a role without a row fails. Whoever may
# change something may not do so without the mark of his session.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use People;
use Register;
use Test::More;

# "METHOD address" => who gets past the door; pages for people as well as the API.
my @all = qw(person organisation officer assistant operator police ministry admin);
my $public = ['nobody', @all];
my $signed = [@all];
my $applicant = [qw(person organisation)];
my $staff = [qw(officer admin)];
my $officer = ['officer'];
my $admin = ['admin'];
my $police = ['police'];
my $operator = ['operator'];
my $ministry = ['ministry'];
my %may = (
    'GET /api/v1/sign-in/nonce'                 => $public,
    'POST /api/v1/sign-in/eds'                  => $public,
    'POST /api/v1/sign-in/password'             => $public,
    'GET /api/v1/sign-in/app/{}'              => $public,
    'POST /api/v1/sign-in/app/{}'             => $public,
    'GET /sign-in/oidc'                        => $public,
    'GET /sign-in/oidc/back'                   => $public,
    'GET /sign-in/app'                         => $public,
    'POST /sign-in/app'                        => $public,
    'GET /A/{}'                                => $public,
    'POST /api/v1/receipt'                      => $public,
    'GET /api/v1/me'                            => $signed,
    'GET /api/v1/sessions'                      => $signed,
    'POST /api/v1/sessions/{}/end'              => $signed,
    'GET /api/v1/accounts/{}/sessions'          => $admin,
    'POST /api/v1/accounts/{}/end-sessions'     => $admin,
    'GET /api/v1/accreditations'                => $admin,
    'POST /api/v1/accreditations'               => $admin,
    'POST /api/v1/accreditations/revoke'        => $admin,
    'GET /api/v1/applications'                  => $applicant,
    'POST /api/v1/applications'                 => $applicant,
    'GET /api/v1/applications/{}'               => $applicant,
    'POST /api/v1/applications/{}/withdraw'     => $applicant,
    'POST /api/v1/applications/{}/answer'       => $applicant,
    'POST /api/v1/applications/{}/appeal'       => $applicant,
    'GET /api/v1/applications/{}/corrections'   => $applicant,
    'POST /api/v1/applications/{}/corrections'  => $applicant,
    'POST /api/v1/desk/{}/corrections'          => $officer,
    'GET /api/v1/requests'                      => $applicant,
    'POST /api/v1/requests'                     => $applicant,
    'GET /api/v1/requests/{}'                   => $applicant,
    'POST /api/v1/requests/{}/answer'           => $applicant,
    'POST /api/v1/requests/{}/close'            => $applicant,
    'GET /api/v1/desk/requests'                 => $officer,
    'GET /api/v1/desk/requests/{}'              => $officer,
    'POST /api/v1/desk/requests/{}/forward'     => $officer,
    'GET /api/v1/complaints'                    => $applicant,
    'POST /api/v1/complaints'                   => $applicant,
    'GET /api/v1/complaints/{}'                 => $applicant,
    'POST /api/v1/complaints/{}/withdraw'       => $applicant,
    'GET /api/v1/clones/figures'                => $public,
    'GET /api/v1/desk/clones'                   => $officer,
    'GET /api/v1/desk/clones/{}'                => $officer,
    'POST /api/v1/desk/clones/{}/confirm'       => $officer,
    'POST /api/v1/desk/clones/{}/correct'       => $officer,
    'POST /api/v1/desk/clones/{}/dismiss'       => $officer,
    'GET /api/v1/desk/clones/report.csv'        => ['officer', 'ministry', 'admin'],
    'GET /api/v1/desk/complaints'               => $officer,
    'GET /api/v1/desk/complaints/sellers.csv'   => ['officer', 'ministry', 'admin'],
    'GET /api/v1/desk/complaints/{}'            => $officer,
    'POST /api/v1/desk/complaints/{}/claim'     => $officer,
    'POST /api/v1/desk/complaints/{}/decide'    => $officer,
    'GET /requests'                             => $applicant,
    'GET /requests/new'                         => $applicant,
    'POST /requests/new'                        => $applicant,
    'GET /requests/{}'                          => $applicant,
    'POST /requests/{}/answer'                  => $applicant,
    'POST /requests/{}/close'                   => $applicant,
    'POST /requests/{}/apply'                   => $applicant,
    'GET /complaints'                           => $applicant,
    'GET /complaints/new'                       => $applicant,
    'POST /complaints/new'                      => $applicant,
    'GET /complaints/{}'                        => $applicant,
    'POST /complaints/{}/withdraw'              => $applicant,
    'GET /desk/requests'                        => $officer,
    'GET /desk/requests/{}'                     => $officer,
    'POST /desk/requests/{}/forward'            => $officer,
    'GET /desk/clones'                          => $officer,
    'GET /desk/clones/{}'                       => $officer,
    'POST /desk/clones/{}/confirm'              => $officer,
    'POST /desk/clones/{}/correct'              => $officer,
    'POST /desk/clones/{}/dismiss'              => $officer,
    'GET /desk/complaints'                      => $officer,
    'GET /desk/complaints/{}'                   => $officer,
    'POST /desk/complaints/{}/claim'            => $officer,
    'POST /desk/complaints/{}/decide'           => $officer,
    'GET /api/v1/applications/{}/devices.csv'   => $applicant,
    'GET /api/v1/desk/{}/devices.csv'           => $staff,
    'GET /api/v1/uploads'                       => $applicant,
    'POST /api/v1/uploads'                      => $applicant,
    'GET /api/v1/uploads/template.csv'          => $public,
    'GET /api/v1/uploads/{}'                    => $applicant,
    'PATCH /api/v1/uploads/{}'                  => $applicant,
    'DELETE /api/v1/uploads/{}'                 => $applicant,
    'POST /api/v1/uploads/{}/check'             => $applicant,
    'GET /api/v1/uploads/{}/errors.csv'         => $applicant,
    'POST /api/v1/papers'                       => $applicant,
    'GET /api/v1/papers/{}'                     => [@$applicant, 'officer'],
    'GET /api/v1/messages'                      => $applicant,
    'POST /api/v1/messages/{}/read'             => $applicant,
    'GET /api/v1/desk'                          => $staff,
    'GET /api/v1/desk/{}'                       => $staff,
    'POST /api/v1/desk/{}/claim'                => $officer,
    'POST /api/v1/desk/{}/ask'                  => $officer,
    'POST /api/v1/desk/{}/decide'               => $officer,
    'POST /api/v1/desk/{}/confirm'              => $officer,
    'POST /api/v1/desk/{}/return'               => $officer,
    'GET /api/v1/desk/check/{}'                 => ['officer', 'assistant'],
    'POST /api/v1/present'                      => ['assistant'],
    'POST /api/v1/present/{}/applications'      => ['assistant'],
    'POST /api/v1/consents'                     => ['person'],
    'POST /api/v1/consents/{}'                  => ['person'],
    'GET /assist'                               => ['assistant'],
    'POST /assist'                              => ['assistant'],
    'GET /assist/{}'                            => ['assistant'],
    'POST /assist/{}'                           => ['assistant'],
    'GET /assist/{}/receipt'                    => ['assistant'],
    'GET /api/v1/attorneys'                     => $applicant,
    'POST /api/v1/attorneys'                    => $applicant,
    'POST /api/v1/attorneys/revoke'             => $applicant,
    'POST /api/v1/act-for'                      => $applicant,
    'GET /api/v1/marks'                         => $police,
    'POST /api/v1/marks'                        => $police,
    'POST /api/v1/marks/preview'                => $police,
    'POST /api/v1/marks/resume'                 => $police,
    'POST /api/v1/marks/find'                   => $police,
    'GET /api/v1/marks/proposals'               => $police,
    'POST /api/v1/marks/proposals/{}/confirm'   => $police,
    'POST /api/v1/marks/proposals/{}/reject'    => $police,
    'GET /api/v1/figures'                       => $ministry,
    'GET /api/v1/figures.csv'                   => $ministry,
    'GET /api/v1/journal'                       => $ministry,
    'POST /api/v1/journal/find'                 => $ministry,
    'GET /ministry'                             => $ministry,
    'GET /ministry/journal'                     => $ministry,
    'POST /ministry/journal'                    => $ministry,
    'POST /api/v1/operator/check'               => $operator,
    'POST /api/v1/operator/lookup'              => $operator,
    'GET /operator/lookup'                      => $operator,
    'POST /operator/lookup'                     => $operator,
    'GET /api/v1/operator/keys'                 => $operator,
    'POST /api/v1/operator/keys/{}/revoke'      => $operator,
    'GET /api/v1/operator/files'                => $operator,
    'GET /operator'                             => $operator,
    'GET /api/v1/violations'                    => [qw(officer ministry admin)],
    'GET /api/v1/violations.csv'                => [qw(officer ministry admin)],
    'GET /api/v1/operators/{}/violations'       => [qw(officer operator ministry admin)],
    'GET /api/v1/operators/{}/violations.csv'   => [qw(officer operator ministry admin)],
    'GET /api/v1/findings'                      => [qw(officer ministry admin)],
    'GET /api/v1/findings.csv'                  => [qw(officer ministry admin)],
    'GET /operators'                            => [qw(officer ministry admin)],
    'GET /operators/{}'                         => [qw(officer operator ministry admin)],
    'GET /findings'                             => [qw(officer ministry admin)],
    'GET /api/v1/operators/{}/quality'          => [qw(officer operator ministry admin)],
    'POST /operator/check'                      => $operator,
    'POST /operator/keys/revoke'                => $operator,
    'GET /marks'                                => $police,
    'POST /marks/find'                          => $police,
    'GET /marks/{}'                             => $police,
    'POST /marks/{}'                            => $police,
    'POST /marks/proposals/{}/confirm'          => $police,
    'POST /marks/proposals/{}/reject'           => $police,
    'GET /desk'                                 => $staff,
    'GET /desk/{}'                              => $staff,
    'POST /desk/{}/claim'                       => $officer,
    'POST /desk/{}/ask'                         => $officer,
    'POST /desk/{}/decide'                      => $officer,
    'POST /desk/{}/confirm'                     => $officer,
    'POST /desk/{}/return'                      => $officer,
    'GET /desk/{}/correct'                      => $officer,
    'POST /desk/{}/correct'                     => $officer,
    'GET /cabinet'                              => $signed,
    'GET /cabinet/{}'                           => $applicant,
    'GET /cabinet/{}/filed'                     => $applicant,
    'GET /cabinet/{}/withdraw'                  => $applicant,
    'POST /cabinet/{}/withdraw'                 => $applicant,
    'GET /cabinet/{}/answer'                    => $applicant,
    'POST /cabinet/{}/answer'                   => $applicant,
    'GET /cabinet/{}/appeal'                    => $applicant,
    'POST /cabinet/{}/appeal'                   => $applicant,
    'GET /cabinet/{}/correct'                   => $applicant,
    'POST /cabinet/{}/correct'                  => $applicant,
    'GET /apply'                                => $applicant,
    'GET /apply/{}'                             => $applicant,
    'POST /apply/{}/papers'                     => $applicant,
    'GET /attorneys'                            => $applicant,
    'POST /attorneys'                           => ['organisation'],
    'POST /attorneys/revoke'                    => $applicant,
    'POST /act-for'                             => $applicant,
    'GET /messages'                             => $applicant,
    'POST /messages/{}'                         => $applicant,
    'GET /papers/{}'                            => [@$applicant, 'officer'],
    'POST /apply/{}'                            => ['person'],
    'GET /files'                                => $applicant,
    'GET /files/{}'                             => $applicant,
    'POST /files/{}'                            => $applicant,
    'POST /files/{}/drop'                       => $applicant,
    'POST /files/{}/send'                       => $applicant,
    'GET /files/sample.csv'                     => $public,
    'GET /files/sample-faults.csv'              => $applicant,
    'GET /receipt'                              => $public,
    'POST /receipt'                             => $public,
    'GET /sign-in'                              => $public,
    'POST /sign-in/eds'                         => $public,
    'POST /sign-in/demo'                        => $public,
    'GET /sign-in/staff'                        => $public,
    'POST /sign-in/staff'                       => $public,
    'GET /sessions'                             => $signed,
    'POST /sessions'                            => $signed,
    # the last: it ends the session
    'POST /api/v1/sign-out'                     => $signed,
    'POST /sign-out'                            => $signed,
);

# ---- what the sources have ----

my ($table) = Register::slurp('src/portal/routes.c') =~ /portal_routes\[\] = \{\n(.*?)^\};/ms;
my %form; # answered to a browser's form
my @addresses;
while ($table =~ /\{AT\("([^"]+)"\),\s*"([A-Z, ]+)",/g) {
    my ($path, $methods) = ($1, $2);
    $form{$path} = $path !~ m{^/api/};
    push @addresses, map { "$_ $path" } grep { $_ ne 'HEAD' } split /, /, $methods;
}
cmp_ok scalar @addresses, '>=', 20, 'the addresses were found';
is_deeply [sort @addresses], [sort keys %may], 'each has a row here, and nothing else has';
my @roles = Register::slurp('src/people/role.def') =~ /^X\(\d+, \w+, "(\w+)"/mg;
is_deeply [sort @roles], [sort @all], 'each role has its place here';

# ---- somebody of each role ----

my $r = Register->new;
my $dir = $r->{dir};
people_of($r);
my ($iin, $iin2, $bin) = map { person_number($_) } '8501013', '9006154', '0101400';
authority('nca');
give('nca', 'person', "/CN=X/serialNumber=IIN$iin", 'person');
give('nca', 'organisation', "/CN=Y/serialNumber=IIN$iin2/O=Z/OU=BIN$bin", 'head');
my @staff = grep { !/^(person|organisation)$/ } @all;
staff($_, $_, /^(police|operator)$/ ? ('--body', $_) : ()) for @staff;
$r->settings("[portal]\nopen = yes\neds_ca = $dir/nca.pem\n", "[limits]\n", map { "${_}_rate = 0\n" } qw(address person public));
my $server = $r->serve;
people_server($server);
my %who = (nobody => undef, (map { $_ => enter($_) } qw(person organisation)), map { $_ => enter_staff($_) } @staff);
is $who{$_}{status}, 200, "$_ is signed in" for @all;

# ---- the walk ----

my ($status, $filed) = ask('POST', '/api/v1/applications', {kind => 'personal', way => 'carried', country => 'TR',
        entered => '2025-04-01', devices => [{imeis => [imei(1)]}]}, $who{person});
is $status, 201, 'there is an application';

sub knock { # "METHOD address", who, csrf: the session's mark
    my ($row, $who, $csrf) = @_;
    my ($method, $path) = split / /, $row, 2;
    my $form = $form{$path};
    my $files = $path =~ m{^/(cabinet/.*/(answer|appeal|correct)|apply/.*/papers|files/.*/send)$};
    my $param = $path =~ m{/(applications|desk|cabinet)/} ? $filed->{number} : $path =~ m{^/apply/} ? $files ? '1' : 'carried'
        : $path =~ m{^/files/} ? '0' x 16 : $path =~ m{/operators/} ? 'operator' : 'nobody';
    $path =~ s/\{\}/$param/;
    my $as = $who && {token => $who->{token}, csrf => $form ? undef : $csrf};
    my $body = $method eq 'GET' ? undef : $form ? 'csrf=' . ($csrf // '') : '{}';
    my $type = 'application/x-www-form-urlencoded';
    if ($files && $method eq 'POST') { # brings papers: the mark is its first part
        $type = 'multipart/form-data; boundary=b';
        $body = qq(--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n@{[$csrf // '']}\r\n--b--\r\n);
    }
    my ($s, $json, $head) = ask($method, $path, $body, $as, $form ? ('Content-Type' => $type) : ());
    my ($location) = $head =~ /^Location: (\S+)/mi;
    my $reason = $json->{reason} // '';
    return 'closed' if $reason =~ /^(SESSION|ROLE)$/ || ($location // '') =~ m{^/sign-in};
    return 'no mark' if $reason eq 'CSRF';
    return $form && $s == 403 ? 'closed' : "open";
}

my @walk = sort { ($a =~ /sign-out/) <=> ($b =~ /sign-out/) || $a cmp $b } keys %may;
for my $row (@walk) {
    my %open = map { $_ => 1 } @{$may{$row}};
    for my $name ('nobody', @all) {
        my $who = $who{$name};
        if ($row =~ /^POST/ && $open{$name} && !$open{nobody}) {
            isnt knock($row, $who, undef), 'open', "$name: $row wants the session's mark";
            isnt knock($row, $who, 'f' x 32), 'open', "$name: $row wants it right";
        }
        if ($row =~ /sign-out|act-for/ && $who) { # of a session of its own: the other is still needed
            $who = $name =~ /^(person|organisation)$/ ? enter($name) : $row =~ /api/ ? $who{$name} : $who;
        }
        is knock($row, $who, $who && $who->{csrf}), $open{$name} ? 'open' : 'closed', "$name: $row"
            unless $row eq 'POST /sign-out' && $name !~ /^(nobody|person|organisation)$/;
    }
}
is((ask('GET', '/api/v1/me', undef, $who{officer}))[0], 401, 'signed out is out');

Register::stop($server->{pid});
ok $r->whole, 'the register is whole';
done_testing;
