// Prints the golden vectors of vectors.txt with the released Java client:
//   java -cp fluss-client-1.0.0.jar RowVectors.java > vectors.txt
// A line is "<section> <name> <hex or text>". Values are those of src/record/golden_values.h.

import java.math.BigDecimal;
import java.util.*;
import org.apache.fluss.bucketing.BucketingFunction;
import org.apache.fluss.config.*;
import org.apache.fluss.metadata.*;
import org.apache.fluss.row.*;
import org.apache.fluss.row.encode.*;
import org.apache.fluss.types.*;
import org.apache.fluss.utils.PartitionUtils;

public class RowVectors {
    static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (byte b : bytes) out.append(String.format("%02x", b));
        return out.toString();
    }

    static String rowHex(RowEncoder encoder, Object[] values) {
        encoder.startNewRow();
        for (int i = 0; i < values.length; i++) encoder.encodeField(i, values[i]);
        BinaryRow row = encoder.finishRow();
        byte[] bytes = new byte[row.getSizeInBytes()];
        row.copyTo(bytes, 0);
        return hex(bytes);
    }

    static BinaryString s(String text) { return BinaryString.fromString(text); }
    static GenericArray array(Object... values) { return new GenericArray(values); }
    static Decimal decimal(String text, int precision, int scale) {
        return Decimal.fromBigDecimal(new BigDecimal(text), precision, scale);
    }

    static final DataType XY = DataTypes.ROW(DataTypes.FIELD("x", DataTypes.INT()), DataTypes.FIELD("y", DataTypes.STRING()));

    static final LinkedHashMap<DataType, Object> SCALARS = new LinkedHashMap<>();
    static final LinkedHashMap<DataType, Object> NESTED = new LinkedHashMap<>();

    static {
        SCALARS.put(DataTypes.BOOLEAN(), true);
        SCALARS.put(DataTypes.TINYINT(), (byte) -2);
        SCALARS.put(DataTypes.SMALLINT(), (short) -300);
        SCALARS.put(DataTypes.INT(), -5);
        SCALARS.put(DataTypes.BIGINT(), 1234567890123L);
        SCALARS.put(DataTypes.FLOAT(), 1.5f);
        SCALARS.put(DataTypes.DOUBLE(), -2.25d);
        SCALARS.put(DataTypes.CHAR(4), s("ab"));
        SCALARS.put(DataTypes.STRING(), s("hello world"));
        SCALARS.put(DataTypes.BINARY(3), new byte[] {1, 2, 3});
        SCALARS.put(DataTypes.BYTES(), new byte[] {9, 8});
        SCALARS.put(DataTypes.DECIMAL(10, 2), decimal("-123.45", 10, 2));
        SCALARS.put(DataTypes.DECIMAL(25, 3), decimal("12345678901234567890.123", 25, 3));
        SCALARS.put(DataTypes.DATE(), 19000);
        SCALARS.put(DataTypes.TIME(3), 3723004);
        SCALARS.put(DataTypes.TIMESTAMP(3), TimestampNtz.fromMillis(1700000000123L));
        SCALARS.put(DataTypes.TIMESTAMP(9), TimestampNtz.fromMillis(1700000000123L, 456789));
        SCALARS.put(DataTypes.TIMESTAMP_LTZ(3), TimestampLtz.fromEpochMillis(1700000000123L));
        SCALARS.put(DataTypes.TIMESTAMP_LTZ(6), TimestampLtz.fromEpochMillis(1700000000123L, 456000));

        for (Map.Entry<DataType, Object> e : SCALARS.entrySet()) {
            NESTED.put(DataTypes.ARRAY(e.getKey()), array(e.getValue(), null, e.getValue()));
        }
        GenericRow a = GenericRow.of(1, s("a"));
        GenericRow b = GenericRow.of(2, s("longer than seven"));
        NESTED.put(DataTypes.ARRAY(XY), array(a, null, b));
        NESTED.put(DataTypes.ARRAY(DataTypes.ARRAY(DataTypes.INT())), array(array(1, 2), array(), null));
        Map<Object, Object> map = new LinkedHashMap<>();
        map.put(7, a);
        map.put(8, null);
        NESTED.put(DataTypes.MAP(DataTypes.INT(), XY), new GenericMap(map));
        NESTED.put(
                DataTypes.ROW(
                        DataTypes.FIELD("a", DataTypes.ARRAY(XY)),
                        DataTypes.FIELD("b", DataTypes.DECIMAL(25, 3)),
                        DataTypes.FIELD("c", DataTypes.TIMESTAMP(9))),
                GenericRow.of(array(a, b), decimal("12345678901234567890.123", 25, 3),
                        TimestampNtz.fromMillis(1700000000123L, 456789)));
    }

    static void rows(String section, DataType[] types, Object[] values, String name) {
        for (KvFormat format : KvFormat.values()) {
            System.out.println(section + "_" + format + " " + name + " = " + rowHex(RowEncoder.create(format, types), values));
        }
        System.out.println(section + "_ALIGNED " + name + " = " + rowHex(new AlignedRowEncoder(types), values));
    }

    static void key(String section, DataType[] types, Object[] values, DataLakeFormat lake) {
        DataField[] fields = new DataField[types.length];
        List<String> names = new ArrayList<>();
        for (int i = 0; i < types.length; i++) {
            fields[i] = DataTypes.FIELD("f" + i, types[i]);
            names.add("f" + i);
        }
        String result;
        try {
            KeyEncoder encoder = KeyEncoder.ofBucketKeyEncoder(DataTypes.ROW(fields), names, lake);
            byte[] bytes = encoder.encodeKey(GenericRow.of(values));
            result = hex(bytes) + " " + BucketingFunction.of(lake).bucketing(bytes, 16);
        } catch (RuntimeException e) {
            result = "refused";
        }
        StringJoiner name = new StringJoiner(", ");
        for (DataType type : types) name.add(type.toString());
        System.out.println(section + " " + name + " = " + result);
    }

    static void partition(DataType type, Object value) {
        System.out.println("PARTITION " + type + " = " + PartitionUtils.convertValueOfType(value, type.getTypeRoot()));
    }

    public static void main(String[] args) {
        DataType[] scalarTypes = SCALARS.keySet().toArray(new DataType[0]);
        Object[] scalarValues = SCALARS.values().toArray();
        for (int i = 0; i < scalarTypes.length; i++) {
            rows("ROW", new DataType[] {scalarTypes[i]}, new Object[] {scalarValues[i]}, scalarTypes[i].toString());
        }
        rows("ROW", scalarTypes, scalarValues, "SCALARS");
        rows("ROW", scalarTypes, new Object[scalarTypes.length], "NULLS");
        for (Map.Entry<DataType, Object> e : NESTED.entrySet()) {
            rows("ROW", new DataType[] {e.getKey()}, new Object[] {e.getValue()}, e.getKey().toString());
        }
        for (DataLakeFormat lake : new DataLakeFormat[] {null, DataLakeFormat.PAIMON, DataLakeFormat.ICEBERG, DataLakeFormat.HUDI}) {
            String section = "KEY_" + (lake == null ? "FLUSS" : lake.name());
            for (int i = 0; i < scalarTypes.length; i++) {
                key(section, new DataType[] {scalarTypes[i]}, new Object[] {scalarValues[i]}, lake);
            }
            key(section, scalarTypes, scalarValues, lake);
        }
        for (int i = 0; i < scalarTypes.length; i++) {
            if (PartitionUtils.PARTITION_KEY_SUPPORTED_TYPES.contains(scalarTypes[i].getTypeRoot())) {
                partition(scalarTypes[i], scalarValues[i]);
            }
        }
        for (float f : new float[] {0f, -0f, 1e7f, 1.0E10f, 0.001f, 9.99E-4f, 123456.7f, Float.NaN, Float.NEGATIVE_INFINITY}) {
            partition(DataTypes.FLOAT(), f);
        }
        for (double d : new double[] {0, 1e7, 9999999.5, 1.25e-7, -3.0, 1e300, Double.POSITIVE_INFINITY}) {
            partition(DataTypes.DOUBLE(), d);
        }
        for (int day : new int[] {0, -1, 11016, -719162}) partition(DataTypes.DATE(), day);
        for (long ms : new long[] {0, -1, 951782400000L, 1700000000000L}) {
            partition(DataTypes.TIMESTAMP(9), TimestampNtz.fromMillis(ms, 0));
            partition(DataTypes.TIMESTAMP_LTZ(9), TimestampLtz.fromEpochMillis(ms, 1));
        }
    }
}
