# What happened at Harbourline. `-60d 10:20` is that time of that many days ago in Stockholm; `-35m` is that long before now.

-88d 14:05 prometheus: checkout "Checkout errors" severity=critical summary="9 % of payments fail"
-88d 14:07 whoever is paged acknowledges "Checkout errors"
-88d 14:09 jonas declares "Card payments fail for one bank" SEV3 services=checkout impact="Customers of one bank cannot pay by card" from alert: the bank's gateway answers 502
-88d 14:10 jonas takes command
-88d 14:10 jonas claims impact-started 4m: by the graphs
-88d 14:15 jonas acts: the bank is taken out of the list of ways to pay, others work
-88d 14:16 jonas mitigates
-88d 15:02 prometheus: resolved checkout "Checkout errors" severity=critical
-88d 15:10 jonas resolves the incident: the bank says that its gateway is back; payments are as before

-86d 15:00 priya declares "Receipts are sent twice" SEV4 services=checkout impact="A second mail with the same receipt": two customers asked
-86d 15:20 priya acts: the queue of mails no longer repeats what it sent
-86d 15:21 priya mitigates
-86d 15:30 priya resolves the incident: no receipt came twice since

-84d 21:30 prometheus: ledger "Replication lag" severity=warning summary="replica is 90 s behind"
-84d 21:50 whoever is paged acknowledges "Replication lag"
-84d 22:40 prometheus: resolved ledger "Replication lag" severity=warning

-82d 09:02 prometheus: timetable "Search latency" severity=critical summary="p99 is 4.8 s"
-82d 09:05 whoever is paged acknowledges "Search latency"
-82d 09:06 priya declares "Timetable search is slow" SEV2 services=timetable impact="A search takes five seconds, some give up" from alert: p99 is ten times what it was
-82d 09:07 priya takes command
-82d 09:07 priya claims impact-started 7m: by the graphs
-82d 09:10 priya gives "Find out what changed since yesterday" to jonas 20m
-82d 09:12 jonas does "Find out what changed since yesterday"
-82d 09:14 priya tells inside 30m: search takes 5 s since 08:55; the new index is the first suspect
-82d 09:16 elena tells everybody investigating 30m "Timetable search is slow" timetable=degraded: Finding a crossing takes longer than usual. Buying a ticket works.
-82d 09:17 priya approves
-82d 09:24 jonas reports "Find out what changed since yesterday": the index of last night has no cache warmed
-82d 09:26 priya begins containment
-82d 09:31 jonas acts: yesterday's index is served again
-82d 09:32 priya ends containment
-82d 09:33 priya mitigates
-82d 09:35 prometheus: resolved timetable "Search latency" severity=critical
-82d 09:40 elena tells everybody monitoring 30m timetable=operational: Searches are as fast as before. We keep watching.
-82d 09:41 priya approves
-82d 10:05 elena tells everybody resolved: It is over. From 08:55 to 09:32 searches took up to five seconds.
-82d 10:06 priya approves
-82d 10:08 priya resolves the incident: everything has been fast for half an hour
-80d 14:00 priya closes the incident

-79d 16:20 tomas declares "A restore test read last month's backup" near-miss services=ledger: the newest backup was never picked up by the test

-78d 09:00 tomas declares it of incident 4
-78d 09:05 tomas acts of incident 4: the test names its backup by date, and fails if that is older than a day
-78d 09:06 tomas mitigates of incident 4
-78d 09:10 tomas resolves the incident of incident 4: the test read the backup of last night

-75d 03:11 prometheus: identity "Sign-in errors" severity=critical summary="sign-in fails for 40 %"
-75d 03:13 whoever is paged acknowledges "Sign-in errors"
-75d 03:15 aiko declares "Nobody can sign in" SEV1 services=identity impact="Four of ten cannot sign in" from alert: the error rate jumps at 03:08
-75d 03:16 aiko takes command
-75d 03:16 aiko claims impact-started 3m: by the graphs
-75d 03:18 aiko tells inside 20m: sign-in fails for 40 %; the certificate of the session store is the suspect
-75d 03:20 aiko observes: the session store refuses connections: certificate expired 03:08
-75d 03:22 aiko ticks first-minutes commander: Aiko
-75d 03:23 aiko ticks first-minutes impact
-75d 03:24 aiko skips first-minutes changes: nothing was changed, that is the point
-75d 03:30 sam tells everybody investigating 20m "Signing in fails for some" accounts=partial-outage: Some of you cannot sign in. Tickets that you have are valid.
-75d 03:31 aiko approves
-75d 03:38 aiko begins recovery
-75d 03:52 aiko acts: a new certificate is on the session store
-75d 03:53 aiko ends recovery: sign-in was tried on all three nodes / checked
-75d 03:54 aiko mitigates
-75d 03:56 prometheus: resolved identity "Sign-in errors" severity=critical
-75d 03:58 sam tells everybody resolved accounts=operational: Everybody can sign in again since 03:54. / whoever writes was bringing the certificate
-75d 03:59 aiko approves
-75d 04:10 aiko resolves the incident: the error rate is zero
-72d 11:00 aiko closes the incident

-71d 12:00 mara plans "Move of the ledger to new disks" in 40h for 2h buying=maintenance: Buying tickets may pause for up to five minutes.

-68d 18:40 noor declares "Mails ask customers for their card" security SEV3 codename="paper heron" services=checkout impact="Customers get mails that look like ours": forty customers asked about one mail
-68d 18:42 noor takes command
-68d 18:42 noor claims impact-started 12m: by the graphs
-68d 18:50 noor sees https://harbour1ine-tickets.example/pay malicious: the page in the mail
-68d 18:51 noor sees 203.0.113.66 malicious: where it lives
-68d 18:55 noor names elena
-68d 19:05 noor begins containment
-68d 19:40 elena acts: the registrar was asked to take it down, ticket 55120
-67d 09:20 noor ends containment
-67d 09:21 noor rules out gdpr: the list of addresses is not ours, it was bought
-67d 09:25 noor mitigates
-67d 09:30 noor resolves the incident: the page is gone, and nothing of ours was touched

-66d 05:10 aiko declares "Backups take longer than the night" SEV3 services=ledger impact="None; the backup still runs when the day begins": the disks are slow since the move
-66d 05:11 aiko takes command
-66d 05:11 aiko claims impact-started 9m: by the graphs
-66d 06:40 aiko acts: the backup reads from the replica
-66d 06:41 aiko mitigates
-66d 06:45 aiko resolves the incident: the backup was done at five

-63d 07:45 elena declares "Gates at two ports open by hand" operational SEV3 services=boarding impact="Boarding takes twice as long at two ports": the scanners have no network
-63d 07:47 elena takes command
-63d 07:47 elena claims impact-started 5m: by the graphs
-63d 07:50 elena begins containment
-63d 07:52 elena ticks boarding-by-hand lists: sent to both
-63d 07:55 elena ticks boarding-by-hand gates: until noon
-63d 08:00 elena considers ports: two departures are late
-63d 08:02 elena anchors ports aware 15m: the gate lead of the first port called
-63d 09:20 elena submits ports notice PM-2214: Departures 08:10 and 08:40 board by hand since 07:40, about 12 minutes late.
-63d 11:30 elena ends containment
-63d 11:32 elena mitigates
-63d 11:40 elena resolves the incident: the provider has mended the line

-58d 10:10 prometheus: checkout "Payment timeouts" severity=critical summary="payments time out after 10 s"
-58d 10:12 whoever is paged acknowledges "Payment timeouts"
-58d 10:13 mara declares "Payments time out" SEV2 services=checkout,ledger impact="One payment in six times out" from alert: timeouts since 10:04
-58d 10:14 mara takes command
-58d 10:14 mara claims impact-started 18m: by the graphs
-58d 10:18 mara gives "Look at the ledger's locks" to tomas 15m
-58d 10:19 tomas does "Look at the ledger's locks"
-58d 10:20 mara tells inside 30m: one payment in six times out; we look at the ledger's locks
-58d 10:33 tomas reports "Look at the ledger's locks": a report holds a lock on every new row
-58d 10:35 mara decides: the report is killed now / Tomás would rather wait for it: five more minutes
-58d 10:36 tomas acts: the report is killed
-58d 10:37 mara mitigates
-58d 10:40 prometheus: resolved checkout "Payment timeouts" severity=critical
-58d 10:55 mara resolves the incident: no timeout for a quarter of an hour
-57d 10:20 jonas reopens the incident: the report was started again and holds the same lock
-57d 10:24 tomas acts: the report is killed, and taken out of the plan
-57d 10:30 mara tells inside 30m: the same lock as yesterday; the report does not run until it reads from the replica
-57d 10:40 mara mitigates
-57d 10:50 mara resolves the incident: the report is out of the plan

-55d 09:15 elena declares "The phone line of support is dead" operational SEV3 impact="Travellers hear nothing": a traveller wrote
-55d 09:16 elena takes command
-55d 09:16 elena claims impact-started 6m: by the graphs
-55d 09:40 elena acts: calls go to the mobile phones of the office
-55d 09:41 elena mitigates
-55d 13:00 elena resolves the incident: the provider has mended it

-52d 22:15 prometheus: reports "Report missing" severity=warning summary="the report of yesterday is missing"
-51d 09:10 whoever is paged acknowledges "Report missing"
-51d 11:00 prometheus: resolved reports "Report missing" severity=warning

-49d 13:00 sam declares "Disks of the ledger fill" SEV3 services=ledger impact="None yet; full in six hours": growth is ten times the usual
-49d 13:01 sam takes command
-49d 13:01 sam claims impact-started 11m: by the graphs
-49d 13:20 sam acts: the archive of logs is moved away, 40 % free
-49d 13:21 sam mitigates
-49d 13:30 sam resolves the incident: it no longer grows

-45d 08:30 prometheus: boarding "Gates offline" severity=critical summary="11 gates do not answer"
-45d 08:33 whoever is paged acknowledges "Gates offline"
-45d 08:34 priya declares "Gates do not open" SEV1 services=boarding impact="Nobody boards by ticket at eleven gates" from alert: eleven gates are offline at once
-45d 08:35 priya takes command
-45d 08:35 priya claims impact-started 8m: by the graphs
-45d 08:36 priya offers deputy to jonas: eleven gates are offline / keep the timers
-45d 08:37 jonas accepts deputy
-45d 08:38 priya begins containment
-45d 08:39 priya ticks boarding-by-hand gates: by hand until we say otherwise
-45d 08:40 priya ticks boarding-by-hand lists
-45d 08:45 priya considers ports: departures are late at four ports
-45d 08:46 priya anchors ports aware 12m: the alert was seen by Priya
-45d 08:50 elena tells everybody investigating 20m "Boarding takes longer" boarding=major-outage: Gates are opened by hand at all ports. Please come with your ticket at hand.
-45d 08:51 priya approves
-45d 08:55 jonas acts: the gates get their old configuration
-45d 09:20 jonas observes: nine of eleven are back
-45d 09:31 priya ends containment
-45d 09:32 priya mitigates
-45d 09:34 prometheus: resolved boarding "Gates offline" severity=critical
-45d 10:10 elena submits ports notice PM-2250: Gates opened by hand at four ports from 08:28 to 09:31; 22 departures up to 18 minutes late.
-45d 10:15 elena tells everybody resolved boarding=operational: All gates work. It lasted an hour. / we waited for the last two gates
-45d 10:16 priya approves
-45d 10:30 priya resolves the incident: all gates are online
-44d 09:00 priya closes the incident

-40d 15:25 noor declares "A build token was used from elsewhere" security SEV2 codename="quiet lantern" services=checkout,identity impact="Somebody read the source of checkout": a build ran from an address that is not ours
-40d 15:26 noor takes command
-40d 15:26 noor claims impact-started 4m: by the graphs
-40d 15:28 noor names tomas
-40d 15:29 noor names mara
-40d 15:30 noor gives "Revoke every token of the build server" to tomas 15m
-40d 15:31 tomas does "Revoke every token of the build server"
-40d 15:35 noor begins containment
-40d 15:41 tomas reports "Revoke every token of the build server": 14 tokens revoked, new ones only for what builds today
-40d 15:45 noor collects "Memory of build-3" sha256=6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b: safe in the London office, shelf 2 / taken before the restart
-40d 15:50 noor collects "Disk of build-3": sealed, hashing takes the night
-40d 16:00 noor sees 198.51.100.23 malicious: every call with the token came from here
-40d 16:02 noor sees 198.51.100.24 suspicious: same network, one call
-40d 16:10 noor ticks analyse-a-breach out-of-band: we talk by phone
-40d 16:12 noor ticks analyse-a-breach few-people: four are named
-40d 16:40 noor counts accounts 212 "customers whose address stood in a test file": counted in the file
-40d 16:45 noor considers gdpr: addresses of customers stood in a test file that was read
-40d 16:50 noor anchors gdpr aware 10m: Noor read the log of downloads with Tomás
-40d 17:30 noor ends containment
-40d 17:31 noor begins eradication
-40d 18:20 noor ends eradication
-40d 18:21 noor begins recovery
-40d 19:00 noor ends recovery: all images were built anew from clean sources / checked
-40d 19:02 noor mitigates
-39d 10:00 noor submits gdpr authority SA-2026-0417: On that day a token was used to read source code. A test file held mail addresses of 212 customers. The token is revoked; the file is gone.
-39d 11:00 noor resolves the incident: no further use since the tokens were revoked
-35d 16:00 noor closes the incident

-36d 23:50 prometheus: ledger "Replication stopped" severity=critical summary="the replica stopped"

-34d 06:20 prometheus: boarding "Scanner batteries" severity=warning summary="batteries of 8 scanners are low"
-34d 07:30 prometheus: resolved boarding "Scanner batteries" severity=warning

-31d 10:05 jonas declares "Prices of one crossing are zero" SEV2 services=checkout impact="37 tickets were sold for nothing": a customer called
-31d 10:06 jonas takes command
-31d 10:06 jonas claims impact-started 7m: by the graphs
-31d 10:09 jonas acts: the crossing is taken out of sale
-31d 10:10 jonas mitigates
-31d 10:12 jonas tells inside 30m: one crossing was sold for nothing since 09:40; it is out of sale
-31d 11:30 jonas counts customers 37 "who paid nothing": the ledger
-31d 11:40 jonas offers command to mara: prices are right again, 37 tickets stay valid / write to the customers, close the hole in the import
-31d 11:44 mara accepts command
-31d 12:30 mara resolves the incident: the import refuses a price of zero
-29d 12:00 mara closes the incident

-27d 02:10 prometheus: identity "Sign-in latency" severity=critical summary="sign-in takes 6 s"
-27d 02:31 sam acknowledges "Sign-in latency"
-27d 02:33 sam declares "Signing in is slow" SEV3 services=identity impact="It takes six seconds" from alert: nobody answered the first page
-27d 02:34 sam takes command
-27d 02:34 sam claims impact-started 3m: by the graphs
-27d 02:50 sam acts: a third node of the session store is up
-27d 02:51 sam mitigates
-27d 02:55 prometheus: resolved identity "Sign-in latency" severity=critical
-27d 03:05 sam resolves the incident: below a second again

-24d 12:00 elena declares "Storm, six departures are cancelled" operational SEV2 services=boarding impact="About 1400 travellers must be booked anew": the port closed
-24d 12:02 elena takes command
-24d 12:02 elena claims impact-started 12m: by the graphs
-24d 12:05 elena offers communications-lead to noor: travellers wait at the gates / one message for all ports
-24d 12:06 noor accepts communications-lead
-24d 12:15 noor tells inside 30m: six departures are off until 18:00; everybody may book anew for nothing
-24d 12:20 elena considers ports: six departures
-24d 12:22 elena anchors ports aware 20m: the harbour master called
-24d 12:30 noor tells everybody identified 1h "Departures are cancelled because of the storm" boarding=partial-outage: Six departures until 18:00 are cancelled. Change your ticket for nothing in your account.
-24d 12:31 elena approves
-24d 17:40 elena submits ports notice PM-2291: Six departures cancelled 12:00 to 18:00, about 1400 travellers booked anew. / the form of the port was down, and nobody thought of calling
-24d 18:05 noor tells everybody resolved boarding=operational: Departures leave as planned again. / all of us booked travellers anew
-24d 18:06 elena approves
-24d 18:10 elena mitigates
-24d 18:15 elena resolves the incident: the port is open
-22d 10:00 elena closes the incident

-20d 09:30 priya declares "The app shows yesterday's timetable" SEV3 services=timetable impact="Times of two crossings are wrong": two customers missed a boat
-20d 09:31 priya takes command
-20d 09:31 priya claims impact-started 9m: by the graphs
-20d 09:50 priya acts: the cache of the app is emptied
-20d 09:51 priya mitigates
-20d 10:10 priya resolves the incident: the app shows what the timetable says

-17d 14:40 tomas declares "Invoices carry the wrong tax" SEV3 operational services=ledger impact="Invoices of two days must be sent again": the accountant found it
-17d 14:41 tomas takes command
-17d 14:41 tomas claims impact-started 5m: by the graphs
-17d 16:10 tomas acts: the rate is set right, 212 invoices are listed
-17d 16:11 tomas mitigates
-17d 16:30 tomas resolves the incident: all were sent again

-14d 11:15 jonas declares "Card payments fail" SEV2 services=checkout impact="One in ten fails": our own alert was too slow
-14d 11:16 jonas takes command
-14d 11:16 jonas claims impact-started 18m: by the graphs
-14d 11:18 mara declares "Checkout is red" SEV3 services=checkout: customers call
-14d 11:20 mara merges it into 19: the same failure
-14d 11:25 jonas acts: the second payment provider takes over
-14d 11:26 jonas mitigates of incident 19
-14d 11:40 jonas resolves the incident of incident 19: no failure for ten minutes

-12d 20:00 sam declares "A release was rolled back in a hurry" reported near-miss services=checkout: the canary caught it before customers did

-10d 10:00 mara declares "A fire in the data centre" SEV1 drill services=checkout,ledger impact="Half of our machines are away, let us say": we practise twice a year
-10d 10:01 mara takes command
-10d 10:01 mara claims impact-started 6m: by the graphs
-10d 10:04 mara tells inside 20m: this is a drill; the second site takes over
-10d 10:22 tomas acts: traffic goes to the second site
-10d 10:23 mara mitigates
-10d 10:40 mara resolves the incident: it took 22 minutes, ten more than we had thought

-8d 19:20 prometheus: identity "Certificate expires" severity=warning summary="expires in 14 days"
-8d 20:00 whoever is paged acknowledges "Certificate expires"
-7d 09:00 prometheus: resolved identity "Certificate expires" severity=warning

-6d 08:50 aiko declares "The ledger answers slowly" SEV3 services=ledger impact="Refunds take a minute": the queue of refunds grows
-6d 08:51 aiko takes command
-6d 08:51 aiko claims impact-started 11m: by the graphs
-6d 09:20 aiko acts: two indexes are built anew
-6d 09:21 aiko mitigates
-6d 09:35 aiko resolves the incident: refunds take seconds

-4d 13:10 noor declares "Many tries to sign in with leaked passwords" security SEV3 open services=identity impact="None known yet; 30 000 tries, 4 of them right": the rate of failures
-4d 13:11 noor takes command
-4d 13:11 noor claims impact-started 8m: by the graphs
-4d 13:15 noor begins containment
-4d 13:20 noor sees 192.0.2.0 suspicious: most tries come from near here
-4d 13:40 noor acts: four customers got a new password and a mail
-4d 13:50 noor ends containment
-4d 13:51 noor begins eradication
-4d 13:55 noor ends eradication
-4d 13:56 noor begins recovery
-4d 14:00 noor ends recovery: nothing had to be restored / checked
-4d 14:05 noor counts accounts 4 "whose password was right": the log of sign-ins
-4d 14:10 noor mitigates
-4d 14:30 noor resolves the incident: the tries are slowed down, and have stopped

-3d 16:00 tomas declares "Nightly reports did not run" SEV4 services=reports impact="The report of yesterday comes a day late": a colleague asked
-3d 16:30 tomas acts: they are started by hand
-3d 17:00 tomas mitigates
-3d 17:05 tomas resolves the incident: they are there
-2d 11:00 noor considers gdpr of incident 24: four accounts were opened, with names and journeys in them
-2d 11:05 noor anchors gdpr aware 15m of incident 24: Noor read the log of the four accounts with Tomás
-2d 12:00 mara plans "New network at the ports" in 4d for 3h boarding=maintenance: Gates open by hand while the network is changed. Come ten minutes earlier.

-7h priya overrides tickets-secondary with jonas until 23:59: a doctor's appointment
-5h prometheus: reports "Report late" severity=warning summary="the nightly report took three hours"
-56m prometheus: checkout "Refund errors" severity=critical summary="refunds fail for one card brand"
-54m whoever is paged acknowledges "Refund errors"
-52m jonas declares "Refunds fail for one card brand" SEV2 services=checkout,ledger impact="About 60 refunds wait" from alert: every refund of that brand is declined since this hour
-51m mara takes command
-51m mara claims impact-started 4m: by the graphs
-49m mara gives "Ask the card brand" to elena 20m
-48m elena does "Ask the card brand"
-46m mara tells inside 30m: refunds of one brand are declined; Elena talks to the brand, Jonas looks at our side
-44m jonas observes: the brand answers 4305, merchant not enrolled
-40m elena tells everybody investigating 45m "Refunds are late for one card brand" buying=degraded: Refunds to one brand of cards are late. Buying works, and no money is lost.
-39m mara approves
-36m mara begins containment
-33m elena reports "Ask the card brand": our enrolment ran out at midnight; they renew it today
-30m mara decides: refunds of that brand wait in the queue, no customer has to do anything / Jonas would rather pay them out by transfer
-22m mara tells inside 30m: the brand renews our enrolment today; 60 refunds wait and none is lost
-15m mara gives "Retry what waits once the brand says so" to jonas 2h
-14m jonas does "Retry what waits once the brand says so"
-3m prometheus: timetable "Search errors" severity=critical summary="7 % of searches fail"
