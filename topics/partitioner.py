"""The partition of a key: murmur2, as Kafka's Java clients compute it (D16)."""


def murmur2(data: bytes) -> int:
    """Hash bytes as `org.apache.kafka.common.utils.Utils.murmur2` does; unsigned 32 bits."""
    mask, m, length = 0xFFFFFFFF, 0x5BD1E995, len(data)
    h = (0x9747B28C ^ length) & mask
    whole = length & ~3
    for i in range(0, whole, 4):
        k = (int.from_bytes(data[i : i + 4], "little") * m) & mask
        k = ((k ^ (k >> 24)) * m) & mask
        h = ((h * m) & mask) ^ k
    if whole < length:
        h = ((h ^ int.from_bytes(data[whole:], "little")) * m) & mask
    h = ((h ^ (h >> 13)) * m) & mask
    return h ^ (h >> 15)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition, of so many, that Java's default partitioner gives a record with this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
