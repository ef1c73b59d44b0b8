"""The notifier: sends e-mail and webhooks for `notifications.v1`, each once in effect.

What it promises. A notification is delivered to each of its addresses and to its webhook. Before the first byte of a
message leaves (SMTP DATA, or the POST), a mark `sending` is committed on `rater-notifier-sent`; after the server's
250, or a 2xx, a mark `sent`. A notification's offset is committed only when each of its deliveries is marked `sent`,
`folded` (another letter tells of it) or `undelivered`, the last in one transaction with the dead letter. All of a
partition's marks, letters and offsets are written by one transactional producer, `rater-notifier-{partition}`: its
next owner fences it, and reads its marks to the end, before it sends anything. A repeat is never another message:
Message-ID, Date and every other byte follow from the notification and the address alone; of a digest that is in doubt
the numbers may have grown.

What is spared. Of the thresholds that one change of an account crosses, the lowest is told, in one letter. More than
`--mails-per-hour` letters an hour to one address of a tenant are held back and told of in one, a digest of how many
of each kind there were. These kinds may be: balance_low, funds_added, funds_expiring, funds_expired, pool_used. All
other kinds say that money or calls are in danger (a payment declined, recharge paused or capped, the balance used up,
a credit limit reached, fraud suspected): they are counted apart, have twice the number, and only beyond it are they
in a digest, too. The marks know what was sent and what was folded, so that a restart neither forgets what is held back
nor begins to count anew. Webhooks get every notification.

What SMTP cannot promise. Between the moment in which a mail server takes responsibility for a message (it has the
final dot, and answers 250) and the moment in which our `sent` mark is committed, nobody on our side knows that it
did. A notifier that is killed just then, or whose connection breaks just then, is in doubt. With `--on-doubt resend`,
the default, the same bytes go out once more, with the same Message-ID, by which a mail server or reader that looks
for duplicates knows them; with `--on-doubt skip` nothing goes out again and a dead letter `in_doubt` says so. The
first is at least once, the second at most once; there is no third, since SMTP has no transaction that spans two
machines. At most `--deliveries` messages are in doubt at a time. For the same reason no mail server can be fenced: a
notifier that was suspended between its `sending` mark and DATA renews the mark when it took longer than the session
time-out, and ends if it has been fenced, which leaves the time that one write to a socket takes. A webhook is always
sent again when in doubt: its receiver knows it by `webhook-id`.
"""
